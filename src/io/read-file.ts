import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { codeOf, UserError } from '../errors.js';

/** One read call moves at most this many bytes: the system's own limit is just under 2 GiB. */
const LARGEST_READ = 1 << 30;

/** An open file whose length is known, for readers that fetch parts of it. */
export interface OpenFile {
  path: string;
  bytes: number;
  /** Reads exactly `length` bytes at `position` into a buffer of their own. */
  read(position: number, length: number): ArrayBuffer;
}

/** Turns a failed read into a UserError that says what to do; other errors pass through. */
export function readError(path: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      if (path.includes('\uFFFD'))
        return new UserError(
          `${path} does not exist: its name is not UTF-8 text. Save the list that names it as UTF-8 (iconv), or rename the file.`,
        );
      return new UserError(`${path} does not exist. Check the path (a relative one starts at the current folder).`);
    case 'EISDIR':
      return new UserError(`${path} is a folder, and a file is needed here. Name a file in it.`);
    case 'EACCES':
    case 'EPERM':
      return new UserError(`No permission to read ${path}. Change its permissions, or run as the user who owns it.`);
    case 'ERR_FS_FILE_TOO_LARGE':
      return new UserError(`${path} is larger than 2 GiB, too large to read at once. Split it into shorter files.`);
    case 'ENAMETOOLONG':
    case 'ELOOP':
    case 'ERR_INVALID_ARG_VALUE':
      return new UserError(`${JSON.stringify(path)} is no name of a file that can be. Correct it.`);
    case 'EIO':
    case 'ENXIO':
    case 'ENODEV':
      return new UserError(`${path} cannot be read (${codeOf(error)}). Check the disk, or copy the file again.`);
    default:
      return error;
  }
}

/** Opens a file for the length of one call. A missing, unreadable or shrinking file is a UserError. */
export function withFile<T>(path: string, use: (file: OpenFile) => T): T {
  let descriptor: number | undefined;
  try {
    const opened = openSync(path, 'r');
    descriptor = opened;
    const bytes = fstatSync(opened).size;
    return use({ path, bytes, read: (position, length) => readExactly(opened, path, position, length) });
  } catch (error) {
    throw readError(path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readExactly(descriptor: number, path: string, position: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const got = readSync(descriptor, bytes, done, Math.min(LARGEST_READ, length - done), position + done);
    if (got === 0) throw new UserError(`${path} ended while it was read. Is another program writing it? Try again.`);
    done += got;
  }
  return bytes.buffer;
}

/** A buffer as pieces small enough for one write call each; nothing is copied. */
export function* piecesOf(data: ArrayBufferView): Generator<Uint8Array> {
  for (let at = 0; at < data.byteLength; at += LARGEST_READ) {
    const length = Math.min(LARGEST_READ, data.byteLength - at);
    yield new Uint8Array(data.buffer, data.byteOffset + at, length);
  }
}
