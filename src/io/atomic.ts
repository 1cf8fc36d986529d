import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, UserError } from '../errors.js';

/** Turns a failed write into a UserError that says what to do; other errors pass through. */
export function writeError(path: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UserError(`The disk is full: ${path} was not written. Free some space and run the command again.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError(`No permission to write ${path}. Choose another folder, or change its permissions.`);
    case 'ENOENT':
    case 'EINVAL':
      return new UserError(`${path} cannot be written: no file can be created in its folder. Choose another folder.`);
    case 'ENOTDIR':
    case 'EEXIST':
      return new UserError(
        `${path} cannot be written: there is a file where a folder is needed. Choose another folder.`,
      );
    case 'EISDIR':
    case 'EBUSY':
      return new UserError(`${path} cannot be written: a folder has that name. Choose another name.`);
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return new UserError(`${path} cannot be written: the name is too long, or a link in it leads in a circle.`);
    default:
      return error;
  }
}

/** Writes a file whole or not at all: a temporary file beside it, fsync, rename. Makes missing folders. */
export function writeFileAtomic(path: string, ...chunks: (string | Uint8Array)[]): void {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  let created = false;
  try {
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(temporary, 'wx');
    created = true;
    try {
      for (const chunk of chunks) writeAll(file, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    // `force` overlooks a missing file, but not a path that cannot be.
    if (created) rmSync(temporary, { force: true });
    throw writeError(path, error);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at);
}
