import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UserError } from '../errors.js';

/** Where the data of an output goes. */
export type Destination =
  /** A file, there or not: the one that a link leads to, so that links stay links. */
  | { kind: 'file'; path: string }
  /** A pipe or device, which is written into and never replaced. */
  | { kind: 'stream'; path: string }
  /** A file that this process was started with, such as /dev/stdout. */
  | { kind: 'descriptor'; descriptor: number };

const MOST_LINKS = 40;
const DESCRIPTOR = /^\/(?:dev\/fd|proc\/(?:self|\d+)\/fd)\/(\d+)$/;

/** Follows links from the path of an output to where its data goes. @throws UserError for a block device and a socket */
export function destinationOf(path: string): Destination {
  let file = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    const descriptor = DESCRIPTOR.exec(file)?.[1];
    if (descriptor !== undefined) return { kind: 'descriptor', descriptor: Number(descriptor) };
    const status = lstatSync(file, { throwIfNoEntry: false });
    if (!status?.isSymbolicLink()) return status ? placeOf(path, file, status) : { kind: 'file', path: file };
    file = resolve(dirname(file), readlinkSync(file));
  }
  // Leads in a circle: asking for its status says so, with the system's own error.
  return placeOf(path, file, statSync(path));
}

function placeOf(path: string, file: string, status: Stats): Destination {
  if (status.isCharacterDevice() || status.isFIFO()) return { kind: 'stream', path: file };
  if (status.isBlockDevice() || status.isSocket())
    throw new UserError(
      `${path} is a ${status.isSocket() ? 'socket' : 'disk'}, and files are not written into one. Choose another name.`,
    );
  return { kind: 'file', path: file };
}
