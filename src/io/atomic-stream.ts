import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeError } from './atomic.js';

const BUFFER_BYTES = 1 << 20;

/** Takes bytes for a file; gives the place where they will stand in it. */
export type Append = (bytes: Uint8Array | string) => number;

/**
 * Writes a file piece by piece, whole or not at all: `fill` appends to a temporary file, which takes the name at the end and is
 * removed where `fill` throws. Memory does not grow with the file.
 */
export async function streamFileAtomic(path: string, fill: (append: Append) => void | Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  let file: number | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const opened = openSync(temporary, 'wx');
    file = opened;
    const { append, flush } = buffered((bytes) => writeAll(opened, bytes));
    await fill(append);
    flush();
    fsyncSync(opened);
    closeSync(opened);
    file = undefined;
    renameSync(temporary, path);
  } catch (error) {
    if (file !== undefined) closeSync(file);
    rmSync(temporary, { force: true });
    throw writeError(path, error);
  }
}

/** Gathers small pieces to one write a mebibyte. */
function buffered(write: (bytes: Uint8Array) => void): { append: Append; flush: () => void } {
  let pieces: Uint8Array[] = [];
  let gathered = 0;
  let position = 0;
  const flush = () => {
    if (gathered > 0) write(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces, gathered));
    pieces = [];
    gathered = 0;
  };
  const append: Append = (given) => {
    // A copy, because the caller may use its array again before it is written.
    const bytes = typeof given === 'string' ? Buffer.from(given) : Uint8Array.from(given);
    const at = position;
    pieces.push(bytes);
    gathered += bytes.length;
    position += bytes.length;
    if (gathered >= BUFFER_BYTES) flush();
    return at;
  };
  return { append, flush };
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
}
