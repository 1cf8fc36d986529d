import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeError } from './atomic.js';
import { markUnfinished, settle } from './unfinished.js';

/** A file that takes its name when it is whole. */
export interface AtomicFile {
  /** Bytes written so far. */
  readonly bytes: number;
  /** Adds to the end. */
  write(data: string | Uint8Array): void;
  /** Writes over the file's first bytes, which are there already. */
  rewriteStart(data: Uint8Array): void;
  /** Makes the file appear under its name, in the place of an older one. */
  commit(): void;
  /** Leaves nothing behind; without effect after `commit`. */
  discard(): void;
}

/** Opens a file that is written piece by piece, whole or not at all. Makes missing folders. */
export function openAtomic(path: string): AtomicFile {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw writeError(path, error);
    }
  };
  const file = attempt(() => {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(temporary, 'wx');
  });
  markUnfinished(temporary);
  let bytes = 0;
  let open = true;
  const put = (data: Uint8Array, position: number) =>
    attempt(() => {
      for (let at = 0; at < data.length; ) at += writeSync(file, data, at, data.length - at, position + at);
    });
  return {
    get bytes() {
      return bytes;
    },
    write(data) {
      const chunk = typeof data === 'string' ? Buffer.from(data) : data;
      put(chunk, bytes);
      bytes += chunk.length;
    },
    rewriteStart(data) {
      if (data.length > bytes) throw new Error(`${path}: ${data.length} bytes over ${bytes}`);
      put(data, 0);
    },
    commit() {
      attempt(() => fsyncSync(file));
      open = false;
      closeSync(file);
      attempt(() => renameSync(temporary, path));
      settle(temporary);
    },
    discard() {
      if (open) closeSync(file);
      open = false;
      rmSync(temporary, { force: true });
      settle(temporary);
    },
  };
}
