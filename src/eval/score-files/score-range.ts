import { closeSync, openSync, readSync } from 'node:fs';
import { type Growing, growing } from './growing.js';
import type { ScoreColumns } from './score-columns.js';
import { createLineParser, type LineReport, type TakeTrial } from './score-lines.js';

/** A part of a file of scores that begins at the start of a line. */
export interface ScoreRange {
  path: string;
  start: number;
  end: number;
  columns: ScoreColumns | null;
}

/** The scores of a range by kind, in the order of the lines. */
export interface RangeScores {
  targets: Float64Array;
  nontargets: Float64Array;
  report: LineReport;
}

const READ_BYTES = 1 << 18;

/** Reads a range of lines. A file that is cut while it is read ends there. */
export function readRange({ path, start, end, columns }: ScoreRange): RangeScores {
  const { targets, nontargets, take } = byKind();
  const parser = createLineParser(columns, take);
  const buffer = new Uint8Array(READ_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let at = start; at < end; ) {
      const got = readSync(file, buffer, 0, Math.min(READ_BYTES, end - at), at);
      if (got === 0 || !parser.push(buffer.subarray(0, got))) break;
      at += got;
    }
  } finally {
    closeSync(file);
  }
  const report = parser.finish();
  return { targets: targets.join(), nontargets: nontargets.join(), report };
}

/** Takes trials' scores and nothing else. */
export function byKind(): { targets: Growing<Float64Array>; nontargets: Growing<Float64Array>; take: TakeTrial } {
  const [targets, nontargets] = [0, 1].map(() => growing((length) => new Float64Array(length)));
  return { targets, nontargets, take: (score, target) => (target ? targets : nontargets).push(score) };
}
