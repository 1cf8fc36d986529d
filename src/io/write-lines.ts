import { openAtomic } from './open-atomic.js';

const LINES_A_PIECE = 4096;

/**
 * Writes lines (given without their ends) to a file, whole or not at all. They are taken one after the other, so memory does not
 * grow with them; where taking one throws, nothing is left behind.
 */
export function writeLinesAtomic(path: string, lines: Iterable<string>): void {
  const file = openAtomic(path);
  let piece: string[] = [];
  const flush = () => {
    file.write(piece.map((line) => `${line}\n`).join(''));
    piece = [];
  };
  try {
    for (const line of lines) if (piece.push(line) === LINES_A_PIECE) flush();
    flush();
    file.commit();
  } finally {
    file.discard();
  }
}
