import { createOutput } from './output-file.js';
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

/** Opens a file that is written piece by piece, whole or not at all; else as `writeFileAtomic`. */
export function openAtomic(path: string): AtomicFile {
  const file = createOutput(path);
  markUnfinished(file.temporary);
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    write(data) {
      const chunk = typeof data === 'string' ? Buffer.from(data) : data;
      file.write(chunk, bytes);
      bytes += chunk.length;
    },
    rewriteStart(data) {
      if (data.length > bytes) throw new Error(`${path}: ${data.length} bytes over ${bytes}`);
      file.write(data, 0);
    },
    commit() {
      file.finish();
      settle(file.temporary);
    },
    discard() {
      file.discard();
      settle(file.temporary);
    },
  };
}
