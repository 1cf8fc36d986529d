import { createReadStream, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { BlindTrial, Trial } from '../../data/trials.js';
import { openWorkerPool } from '../../data/worker-pool.js';
import { codeOf, UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { utf16Error } from '../../io/lines.js';
import { readError } from '../../io/read-file.js';
import { mergeSorted } from '../detection/radix-sort.js';
import type { SortedScores } from '../detection/sorted-scores.js';
import { lineStarts } from './line-starts.js';
import type { ScoreColumns } from './score-columns.js';
import { type BrokenLine, brokenLines, createLineParser, type LineReport, type TakeTrial } from './score-lines.js';
import { byKind, type RangeScores, readRange, type ScoreRange } from './score-range.js';

/** Reading less than this takes a thread no longer than starting. */
const THREAD_BYTES = 1 << 24;
const MOST_THREADS = 8;
/** Broken lines shown in full. */
const SHOWN = 10;

/** Options for reading lines of scores. */
export interface ScoreReading {
  /** The columns; by default they are recognised from the first line. */
  columns?: ScoreColumns | null;
  /** Advice of the error message for columns that were recognised wrongly. */
  advice?: string;
}

/**
 * Writes lines `score 1|0 enrolment test`, which readScores reads back, or `score enrolment test` for trials without answers; nine digits
 * hold every float32 exactly.
 */
export function writeScores(path: string, scores: Float32Array, trials: readonly (Trial | BlindTrial)[]): void {
  const lines = trials.map((trial, i) => {
    const answer = 'target' in trial ? `${trial.target ? 1 : 0} ` : '';
    return `${Number(scores[i].toPrecision(9))} ${answer}${trial.enrolment} ${trial.test}\n`;
  });
  writeFileAtomic(path, lines.join(''));
}

/**
 * Reads a file of scores, holding nothing but the numbers: 8 bytes a score. The orders of columns that recogniseColumns knows are
 * seen from the first line; labels are 1|0 or target|nontarget; blank lines are skipped. Large files are read by several threads.
 * @param path a file, or "-" for standard input
 * @returns scores by kind, in the order of the lines, or sorted where several threads have read them
 * @throws UserError for broken lines (how many, and the first few with their numbers), or when the file cannot be read
 */
export async function readScores(
  path: string,
  { columns = null, advice, threadBytes = THREAD_BYTES }: ScoreReading & { threadBytes?: number } = {},
): Promise<SortedScores> {
  const name = sourceName(path);
  return readable(name, async () => {
    if (path === '-' || !statSync(path).isFile()) return parseScores(streamOf(path), name, { columns, advice });
    const ranges = await readRanges(path, columns, threadBytes);
    checkReports(
      name,
      ranges.map(({ report }) => report),
      advice,
    );
    return {
      targets: mergeAll(ranges.map(({ targets }) => targets)),
      nontargets: mergeAll(ranges.map(({ nontargets }) => nontargets)),
    };
  });
}

/** readScores over any stream of bytes; error messages name `name`. */
export async function parseScores(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  reading: ScoreReading = {},
): Promise<SortedScores> {
  const { targets, nontargets, take } = byKind();
  await parseTrialLines(bytes, { name, ...reading, take });
  return { targets: targets.join(), nontargets: nontargets.join() };
}

/** Hands each scored trial of a stream of lines to `take`. @returns the columns; null for a stream without trials */
export async function parseTrialLines(
  bytes: AsyncIterable<Uint8Array>,
  { name, columns = null, advice, take }: ScoreReading & { name: string; take: TakeTrial },
): Promise<ScoreColumns | null> {
  const parser = createLineParser(columns, take);
  for await (const chunk of bytes) if (!parser.push(chunk)) break;
  const report = parser.finish();
  checkReports(name, [report], advice);
  return report.columns;
}

/** The name of a file, or of standard input, in messages. */
export const sourceName = (path: string): string => (path === '-' ? 'standard input' : path);

/** The bytes of a file, or of standard input. */
export const streamOf = (path: string): AsyncIterable<Uint8Array> =>
  path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });

/** Turns system errors of reading into UserErrors. */
export async function readable<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UserError || codeOf(error) === undefined) throw error;
    const told = readError(name, error);
    throw told instanceof UserError ? told : new UserError(`${name}: the scores cannot be read (${codeOf(error)}).`);
  }
}

async function readRanges(path: string, known: ScoreColumns | null, threadBytes: number): Promise<RangeScores[]> {
  const bytes = statSync(path).size;
  const threads = Math.min(availableParallelism(), MOST_THREADS, Math.floor(bytes / threadBytes));
  if (threads < 2) return [readRange({ path, start: 0, end: bytes, columns: known })];
  const { starts, columns } = lineStarts(path, bytes, threads);
  const ranges = starts.map(
    (start, i): ScoreRange => ({ path, start, end: starts[i + 1] ?? bytes, columns: known ?? columns }),
  );
  const pool = openWorkerPool<ScoreRange, RangeScores>(new URL('./score-range-worker.js', import.meta.url), threads);
  try {
    return await Promise.all(ranges.map((range) => pool.run(range)));
  } finally {
    await pool.close();
  }
}

/** Merges ascending lists into one; a single list stays in its order. */
function mergeAll(lists: Float64Array[]): Float64Array {
  let all = lists;
  while (all.length > 1) {
    const pairs = Array.from({ length: Math.ceil(all.length / 2) }, (_, i) => all.slice(2 * i, 2 * i + 2));
    all = pairs.map(([a, b]) => (b ? mergeSorted(a, b) : a));
  }
  return all[0];
}

/** Throws one error for the broken lines of all parts of a file, numbered from its beginning. */
function checkReports(name: string, reports: LineReport[], advice: string | undefined): void {
  if (reports[0]?.isUtf16) throw utf16Error(name);
  if (reports.some(({ broken }) => broken.some(({ text }) => text.includes('\0'))))
    throw new UserError(
      `${name} is not a text file. Name lines of scores, as \`voxloop score --out\` writes them, or a .npy file.`,
    );
  const brokenCount = reports.reduce((sum, report) => sum + report.brokenCount, 0);
  if (brokenCount === 0) return;
  const broken: BrokenLine[] = [];
  let before = 0;
  for (const report of reports) {
    broken.push(...report.broken.map((line) => ({ ...line, line: before + line.line })));
    before += report.lines;
  }
  const columns = reports.find((report) => report.columns)?.columns ?? null;
  throw brokenLines(name, { broken: broken.slice(0, SHOWN), brokenCount, columns }, advice);
}
