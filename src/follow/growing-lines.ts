import { createHash, type Hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf } from '../errors.js';

/** What a file of JSON lines gained. */
export interface NewLines {
  /** True where lines that were read before have changed or are gone: `lines` are all that there are now. */
  anew: boolean;
  lines: Record<string, unknown>[];
  /** When the file was last written, in milliseconds since 1970. */
  writtenMs: number;
}

interface Read {
  /** Bytes, up to the end of the last whole line, and their hash. */
  bytes: number;
  hash: Hash;
  /** Tells the file from one that takes its name; numbers of files are used again. */
  file: string;
}

const NOTHING: NewLines = { anew: false, lines: [], writtenMs: 0 };

/**
 * Reads a file of JSON lines while another writes it: each call returns the lines since the last one. A resumed or rolled-back training
 * replaces its file by one without the steps to repeat, which the content tells. A last line without its end waits.
 */
export function growingLines(path: string): () => NewLines {
  let read: Read | undefined;
  return () => {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return NOTHING;
      throw error;
    }
    try {
      const { ino, birthtimeMs, size, mtimeMs } = fstatSync(file);
      const identity = `${ino} ${birthtimeMs}`;
      const before = read && goesOn(read, file, { identity, size }) ? read : undefined;
      const from = before?.bytes ?? 0;
      const fresh = wholeLines(readRange(file, from, size));
      // A file that is still empty, as a training begins, has nothing that could change.
      const anew = from === 0 && (fresh.length > 0 || (read?.bytes ?? 0) > 0);
      read = { bytes: from + fresh.length, hash: (before?.hash ?? createHash('sha1')).update(fresh), file: identity };
      return { anew, lines: parsed(fresh), writtenMs: mtimeMs };
    } finally {
      closeSync(file);
    }
  };
}

/** True where the file begins with what was read of it. */
function goesOn(read: Read, file: number, { identity, size }: { identity: string; size: number }): boolean {
  const { bytes, hash } = read;
  if (size < bytes) return false;
  if (identity === read.file) return true;
  const same = createHash('sha1')
    .update(readRange(file, 0, bytes))
    .digest();
  return same.equals(hash.copy().digest());
}

function readRange(file: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from);
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(file, bytes, length, bytes.length - length, from + length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

const wholeLines = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);

/** A line that a full disk cut in two is left out. */
const parsed = (bytes: Buffer): Record<string, unknown>[] =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
