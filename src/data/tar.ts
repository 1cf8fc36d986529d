import { UserError } from '../errors.js';
import { type OpenFile, withFile } from '../io/read-file.js';

/** A file in a tar archive: where its bytes lie. */
export interface TarMember {
  name: string;
  offset: number;
  bytes: number;
}

/** The members of an archive, and where it was cut short, if it was. */
export interface TarIndex {
  members: TarMember[];
  /** A description of what is missing at the end; the members before it are whole. null: nothing. */
  cut: string | null;
}

const BLOCK = 512;
const FILE_TYPES = ['0', '\0', '7'];
const LARGEST_NAME = 1 << 16;

/**
 * Lists the files of a tar archive (ustar, GNU, pax) by reading its headers only. Links and devices are ignored.
 * @throws UserError for a file that is not a tar archive, and for a name that leads out of the archive: absolute, or with `..` in it
 */
export function indexTar(path: string): TarIndex {
  return withFile(path, (file) => {
    const members: TarMember[] = [];
    let longName: string | undefined;
    let at = 0;
    for (; at + BLOCK <= file.bytes; ) {
      const header = Buffer.from(file.read(at, BLOCK));
      if (header.every((byte) => byte === 0)) return { members, cut: null };
      checkSum(header, path, at);
      const size = numberAt(header, 124, 12);
      const type = header.toString('latin1', 156, 157);
      const offset = at + BLOCK;
      if (offset + size > file.bytes)
        return { members, cut: cutWhere(nameOf(header, longName), size, file.bytes - offset) };
      if (type === 'L' || type === 'x') longName = longNameAt(file, offset, size, type) ?? longName;
      else {
        const name = nameOf(header, longName);
        longName = undefined;
        if (FILE_TYPES.includes(type)) members.push({ name: safe(name, path), offset, bytes: size });
      }
      at = offset + Math.ceil(size / BLOCK) * BLOCK;
    }
    return { members, cut: 'its end marker is missing' };
  });
}

const cutWhere = (name: string, size: number, there: number): string =>
  `${name} takes ${size} bytes, ${Math.max(0, there)} are there`;

function nameOf(header: Buffer, longName: string | undefined): string {
  if (longName !== undefined) return longName;
  const ustar = header.toString('latin1', 257, 262) === 'ustar';
  const prefix = ustar ? text(header, 345, 155) : '';
  const name = text(header, 0, 100);
  return prefix ? `${prefix}/${name}` : name;
}

/** A name that the header has no room for: GNU's own member, or the field `path` of a pax member. */
function longNameAt(file: OpenFile, offset: number, size: number, type: string): string | undefined {
  if (size > LARGEST_NAME) throw new UserError(`${file.path} is damaged: a name of ${size} bytes at byte ${offset}.`);
  const content = Buffer.from(file.read(offset, size));
  if (type === 'L') return text(content, 0, size);
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1];
}

/** Refuses what would leave the folder that the archive stands for. */
function safe(name: string, path: string): string {
  const parts = name.split('/');
  const outside = name.startsWith('/') || name.includes('\\') || name.includes('\0') || parts.includes('..');
  if (!outside && name !== '') return name.replace(/^(\.\/)+/, '');
  throw new UserError(
    `${path} is refused: its member ${JSON.stringify(name)} leads out of the archive. Do not use archives from strangers.`,
  );
}

function text(bytes: Buffer, at: number, length: number): string {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal digits, or big-endian binary where the first bit is set (GNU, for large files). */
function numberAt(header: Buffer, at: number, length: number): number {
  if (header[at] & 0x80) return header.readUIntBE(at + length - 6, 6);
  return Number.parseInt(text(header, at, length).trim() || '0', 8);
}

function checkSum(header: Buffer, path: string, at: number): void {
  let sum = 0;
  header.forEach((byte, i) => {
    sum += i >= 148 && i < 156 ? 32 : byte;
  });
  if (sum === numberAt(header, 148, 8)) return;
  throw new UserError(`${path} is no tar archive, or damaged: there is no header at byte ${at}. Copy it again.`);
}
