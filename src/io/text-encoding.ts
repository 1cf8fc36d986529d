import { UserError } from '../errors.js';

/** True for the first bytes of UTF-16 text, which Excel and PowerShell write. */
export function beginsAsUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** The error of a list in UTF-16. */
export const utf16Error = (path: string): UserError =>
  new UserError(
    `${path} is UTF-16 text, and lists are read as UTF-8. Save it as UTF-8, for example: iconv -f UTF-16 -t UTF-8.`,
  );

/** True where a decoded line was no UTF-8 text, or no text at all. */
export const isNoText = (line: string): boolean => line.includes('\uFFFD') || line.includes('\0');

/** The error of a line that is no UTF-8 text. */
export const encodingError = (path: string, line: number): UserError =>
  new UserError(
    `${path}:${line}: the line is not UTF-8 text (perhaps Latin-1). Save the list as UTF-8, for example: iconv -f LATIN1 -t UTF-8.`,
  );
