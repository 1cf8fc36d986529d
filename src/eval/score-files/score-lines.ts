import { UserError } from '../../errors.js';
import { beginsAsUtf16 } from '../../io/lines.js';
import { parseDecimal, textOf } from './decimal.js';
import { describeColumns, KNOWN_COLUMNS, recogniseColumns, type ScoreColumns } from './score-columns.js';

/** Receives each trial, with the positions of its names in `bytes`. Without name columns all four positions are 0. */
export type TakeTrial = (
  score: number,
  target: number,
  bytes: Uint8Array,
  enrolStart: number,
  enrolEnd: number,
  testStart: number,
  testEnd: number,
) => void;

/** A line that is not a scored trial. */
export interface BrokenLine {
  /** From 1, within what was parsed. */
  line: number;
  text: string;
  why: string;
}

/** The parsed lines: broken ones are counted, and the first few kept. */
export interface LineReport {
  lines: number;
  broken: BrokenLine[];
  brokenCount: number;
  /** null before the first line that is not blank. */
  columns: ScoreColumns | null;
  /** The bytes began as UTF-16 text does; nothing was parsed. */
  isUtf16: boolean;
}

export interface LineParser {
  /** Returns false once a line is too long for scores: the rest of such a file is not parsed. */
  push(bytes: Uint8Array): boolean;
  /** Parses the last line, if it has no line end. */
  finish(): LineReport;
}

/** No score line is this long; a file that is not text must not fill the memory. */
const LONGEST_LINE = 65_536;
const KEPT = 10;
const SHOWN_TEXT = 80;
const [TAB, NEWLINE, RETURN, SPACE] = [9, 10, 13, 32];
const WORDS = ['target', 'nontarget'].map((word) => Buffer.from(word));

/**
 * Parses lines of scores as the bytes come, cut anywhere, without making strings of them. Fields are separated by blanks, blank lines
 * are skipped, and broken ones reported.
 * @param columns what the columns hold; null to see it from the first line
 * @param take gets each trial, in the order of the lines
 */
export function createLineParser(columns: ScoreColumns | null, take: TakeTrial): LineParser {
  const report: LineReport = { lines: 0, broken: [], brokenCount: 0, columns, isUtf16: false };
  let begun = false;
  let rest = new Uint8Array(0);
  return {
    push(bytes) {
      if (!begun && beginsAsUtf16(bytes)) report.isUtf16 = true;
      begun ||= bytes.length > 0;
      if (report.isUtf16) return false;
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      let start = 0;
      if (rest.length > 0 && end > 0) {
        start = bytes.indexOf(NEWLINE) + 1;
        const line = Buffer.concat([rest, bytes.subarray(0, start)]);
        parseLines(line, 0, line.length, report, take);
        rest = new Uint8Array(0);
      }
      parseLines(bytes, start, end, report, take);
      // A copy: the caller reuses its buffer.
      if (end < bytes.length) rest = new Uint8Array(Buffer.concat([rest, bytes.subarray(end)]));
      if (rest.length <= LONGEST_LINE) return true;
      report.lines++;
      refuse(report, 'the line is too long for a score', textOf(rest, 0, SHOWN_TEXT + 1));
      rest = new Uint8Array(0);
      return false;
    },
    finish() {
      if (rest.length > 0) {
        const line = Buffer.concat([rest, Uint8Array.of(NEWLINE)]);
        parseLines(line, 0, line.length, report, take);
      }
      return report;
    },
  };
}

/** Parses whole lines. @param end behind a line end */
function parseLines(bytes: Uint8Array, start: number, end: number, report: LineReport, take: TakeTrial): void {
  let at = start;
  if (report.lines === 0 && bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) at += 3;
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The begin and end of each field.
  const bounds = new Int32Array(2 * 16);
  let columns = report.columns;
  let places = placesOf(columns);
  while (at < end) {
    const lineStart = at;
    let fields = 0;
    for (;;) {
      let byte = bytes[at];
      while (byte === SPACE || byte === TAB || byte === RETURN) byte = bytes[++at];
      if (byte === NEWLINE) break;
      bounds[(2 * fields) & 31] = at;
      at = fieldEnd(bytes, words, at + 1);
      bounds[(2 * fields + 1) & 31] = at;
      fields++;
    }
    report.lines++;
    const lineEnd = at++;
    if (fields === 0) continue;
    if (!columns) {
      columns = recogniseColumns(textOf(bytes, lineStart, lineEnd)) ?? null;
      places = placesOf(columns);
      report.columns = columns;
    }
    if (fields !== places.count) {
      refuse(report, expected(columns), textOf(bytes, lineStart, Math.min(lineEnd, lineStart + SHOWN_TEXT + 1)));
      continue;
    }
    const target = parseLabel(bytes, bounds[places.label], bounds[places.label + 1]);
    const score = parseDecimal(bytes, bounds[places.score], bounds[places.score + 1]);
    if (target < 0 || Number.isNaN(score)) {
      const why = target < 0 ? expected(columns) : 'the score is not a number';
      refuse(report, why, textOf(bytes, lineStart, lineEnd));
      continue;
    }
    const { enrol, test } = places;
    take(score, target, bytes, bounds[enrol], bounds[enrol + 1], bounds[test], bounds[test + 1]);
  }
}

/** The first blank or line end from `start` on. Names are most of a line, so four bytes are looked at together. */
function fieldEnd(bytes: Uint8Array, words: DataView, start: number): number {
  const lastWord = bytes.length - 4;
  for (let at = start; ; at++) {
    while (at <= lastWord) {
      const word = words.getInt32(at, true);
      // The highest bit of each byte that is at most 32, the first of them for certain.
      const low = (word - 0x21212121) & ~word & 0x80808080;
      if (low !== 0) {
        at += (31 - Math.clz32(low & -low)) >> 3;
        break;
      }
      at += 4;
    }
    const byte = bytes[at];
    if (byte === SPACE || byte === NEWLINE || byte === TAB || byte === RETURN) return at;
  }
}

/** The index of each column's begin in the bounds; a missing column points at an empty field behind all others. */
function placesOf(columns: ScoreColumns | null) {
  const place = (name: ScoreColumns[number]) => {
    const column = columns ? columns.indexOf(name) : -1;
    return column < 0 ? 30 : 2 * column;
  };
  const [score, label, enrol, test] = [place('score'), place('label'), place('enrol'), place('test')];
  return { count: columns?.length ?? -1, score, label, enrol, test };
}

/** 1 for a target, 0 for a nontarget, -1 for neither. */
function parseLabel(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 1) return bytes[start] === 49 ? 1 : bytes[start] === 48 ? 0 : -1;
  for (let kind = 0; kind < 2; kind++) {
    const word = WORDS[kind];
    if (end - start !== word.length) continue;
    for (let i = 0; i < word.length; i++) if (bytes[start + i] !== word[i]) return -1;
    return 1 - kind;
  }
  return -1;
}

const expected = (columns: ScoreColumns | null) =>
  columns ? `expected "${describeColumns(columns)}"` : `expected ${KNOWN_COLUMNS}`;

function refuse(report: LineReport, why: string, text: string): void {
  report.brokenCount++;
  if (report.broken.length === KEPT) return;
  const line = text.trimEnd();
  const shown = line.length > SHOWN_TEXT ? `${line.slice(0, SHOWN_TEXT)}...` : line;
  report.broken.push({ line: report.lines, text: shown, why });
}

/** All broken lines in one error, the first few in full. @param advice for columns in another order */
export function brokenLines(
  name: string,
  { broken, brokenCount, columns }: Pick<LineReport, 'broken' | 'brokenCount' | 'columns'>,
  advice?: string,
): UserError {
  const lines = broken.map(({ line, why, text }) => `${name}:${line}: ${why}, got ${JSON.stringify(text)}.`);
  const more = brokenCount - broken.length;
  if (more > 0) lines.push(`${more} more line${more > 1 ? 's are' : ' is'} broken.`);
  if (columns && advice) lines.push(`If the columns are in another order, ${advice}.`);
  return new UserError(lines.join('\n'));
}
