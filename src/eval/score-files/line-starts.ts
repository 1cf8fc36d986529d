import { withFile } from '../../io/read-file.js';
import { textOf } from './decimal.js';
import { recogniseColumns, type ScoreColumns } from './score-columns.js';

const NEWLINE = 10;
/** Far more than a line of scores takes. */
const LOOK_BYTES = 1 << 17;

/**
 * Cuts a file of lines into parts of about equal size; `columns` are those of its first line.
 * @returns the start of each part, ascending from 0; fewer than `parts` where lines are very long
 */
export function lineStarts(
  path: string,
  bytes: number,
  parts: number,
): { starts: number[]; columns: ScoreColumns | null } {
  return withFile(path, ({ read }) => {
    const look = (at: number) => new Uint8Array(read(at, Math.min(LOOK_BYTES, bytes - at)));
    const cuts = Array.from({ length: parts - 1 }, (_, i) => Math.floor(((i + 1) * bytes) / parts)).flatMap((at) => {
      const newline = look(at).indexOf(NEWLINE);
      return newline < 0 ? [] : [at + newline + 1];
    });
    return { starts: [0, ...new Set(cuts)], columns: columnsOf(look(0)) };
  });
}

/** By the first line that is not blank, as the parser does. */
function columnsOf(head: Uint8Array): ScoreColumns | null {
  const text = textOf(head, 0, head.length).replace(/^\u00ef\u00bb\u00bf/, '');
  const line = text.split('\n').find((candidate) => candidate.trim() !== '');
  return (line && recogniseColumns(line)) || null;
}
