import { openAtomic } from './open-atomic.js';

const BUFFER_BYTES = 1 << 20;

/** Appends bytes to a file; returns their offset in it. */
export type Append = (bytes: Uint8Array | string) => number;

/**
 * Writes a file piece by piece, whole or not at all: `fill` appends to a temporary file, which takes the name at the end and is
 * removed where `fill` throws. Memory does not grow with the file.
 */
export async function streamFileAtomic(path: string, fill: (append: Append) => void | Promise<void>): Promise<void> {
  const file = openAtomic(path);
  try {
    const { append, flush } = buffered((bytes) => file.write(bytes));
    await fill(append);
    flush();
    file.commit();
  } finally {
    file.discard();
  }
}

/** Gathers small pieces into writes of a mebibyte. */
function buffered(write: (bytes: Uint8Array) => void): { append: Append; flush: () => void } {
  let pieces: Uint8Array[] = [];
  let gathered = 0;
  let position = 0;
  const flush = () => {
    if (gathered > 0) write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, gathered));
    pieces = [];
    gathered = 0;
  };
  const append: Append = (data) => {
    // A copy, because the caller may use its array again before it is written.
    const bytes = typeof data === 'string' ? Buffer.from(data) : Uint8Array.from(data);
    const at = position;
    pieces.push(bytes);
    gathered += bytes.length;
    position += bytes.length;
    if (gathered >= BUFFER_BYTES) flush();
    return at;
  };
  return { append, flush };
}
