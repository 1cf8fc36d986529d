import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf } from '../errors.js';
import { type Destination, destinationOf } from './destination.js';
import { makeFolder } from './folder.js';
import { refuseInput } from './inputs.js';
import { writeError } from './write-error.js';

const COPY_BYTES = 1 << 20;
const RETRY_MS = 5;

/** A file being written under a temporary name. Every output goes through one. */
export interface OutputFile {
  readonly temporary: string;
  write(data: Uint8Array, position: number): void;
  /** Gives the data its name; a pipe or device is written into now. */
  finish(): void;
  /** Leaves nothing behind; without effect after `finish`. */
  discard(): void;
}

/**
 * Begins an output. The temporary file stands beside the file that it becomes (where a link leads, for a link), or with the system's
 * temporary files where the output is a pipe or device. Makes missing folders.
 * @throws UserError where `path` is an input of the command, or cannot be written
 */
export function createOutput(path: string): OutputFile {
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw writeError(path, error);
    }
  };
  refuseInput(path);
  const suffix = `${randomBytes(4).toString('hex')}.tmp`;
  const { destination, temporary, file } = attempt(() => {
    const destination = destinationOf(path);
    const temporary =
      destination.kind === 'file' ? `${destination.path}.${suffix}` : join(tmpdir(), `voxloop-${suffix}`);
    makeFolder(dirname(temporary));
    return { destination, temporary, file: openSync(temporary, 'wx+') };
  });
  let open = true;
  const close = () => {
    if (open) closeSync(file);
    open = false;
  };
  return {
    temporary,
    write: (data, position) => attempt(() => writeAt(file, data, position)),
    finish: () =>
      attempt(() => {
        if (destination.kind === 'file') {
          fsyncSync(file);
          close();
          renameSync(temporary, destination.path);
        } else {
          pour(file, destination);
          close();
          rmSync(temporary, { force: true });
        }
      }),
    discard() {
      close();
      rmSync(temporary, { force: true });
    },
  };
}

function writeAt(file: number, data: Uint8Array, position: number): void {
  for (let at = 0; at < data.length; ) at += writeSync(file, data, at, data.length - at, position + at);
}

/** Writes a file's bytes into a pipe or device, which has no positions. */
function pour(file: number, destination: Exclude<Destination, { kind: 'file' }>): void {
  const isOurs = destination.kind === 'stream';
  const sink = isOurs ? openSync(destination.path, 'a') : destination.descriptor;
  try {
    const buffer = Buffer.alloc(COPY_BYTES);
    for (let from = 0; ; ) {
      const got = readSync(file, buffer, 0, buffer.length, from);
      if (got === 0) return;
      for (let at = 0; at < got; ) at += writeSome(sink, buffer.subarray(at, got));
      from += got;
    }
  } finally {
    if (isOurs) closeSync(sink);
  }
}

/** Bytes taken; waits where a pipe that does not block is full. */
function writeSome(sink: number, bytes: Uint8Array): number {
  for (;;) {
    try {
      return writeSync(sink, bytes);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
