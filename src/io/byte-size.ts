import { UserError } from '../errors.js';

const UNITS: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Bytes of a size as people write it: `11GiB`, `800 MB`, `1.5GiB`. Throws UserError with `what` and examples. */
export function parseByteSize(text: string, what: string): number {
  if (isByteSize(text)) return bytesOf(text);
  throw new UserError(`${what} must be a size above 0 such as 11GiB, 11264MiB or 800MB, not '${text}'.`);
}

/** True for a text that is a size above 0. */
export const isByteSize = (text: string): boolean => bytesOf(text) > 0;

/** NaN for a text that is not a size. */
function bytesOf(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?B)\s*$/i.exec(text);
  return match ? Math.floor(Number(match[1]) * (UNITS[match[2].toUpperCase()] ?? Number.NaN)) : Number.NaN;
}

/** A size for people: `12.3 GiB`, `4.0 MiB`, `812 B`. */
export function formatByteSize(bytes: number): string {
  if (bytes < 2 ** 10) return `${Math.round(bytes)} B`;
  if (bytes < 2 ** 20) return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
  if (bytes < 2 ** 30) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
