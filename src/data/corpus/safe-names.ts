import { createHash } from 'node:crypto';
import { createNameTable } from '../name-table.js';

const MAX_BYTES = 150;

/**
 * Names that can stand for files on any system and for words in a list: letters, digits, `.`, `_` and `-`, at most 160
 * bytes, different even where capitals do not count. A name depends on the set of keys only, not on their order.
 * @param keys all different
 * @param textOf what a key's name is made from; default the key
 * @returns the name of a key
 */
export function safeNames(keys: Iterable<string>, textOf = (key: string) => key): (key: string) => string {
  const shared = sharedNames(keys, textOf);
  return (key) => {
    const name = clean(textOf(key));
    const fits = Buffer.byteLength(name) <= MAX_BYTES;
    return fits && !shared.has(name.toLowerCase()) ? name : `${shorten(name)}-${hashOf(key)}`;
  };
}

/** The cleaned names, in small letters, that several keys would have. */
function sharedNames(keys: Iterable<string>, textOf: (key: string) => string): Set<string> {
  const seen = createNameTable();
  const shared = new Set<string>();
  for (const key of keys) {
    const name = clean(textOf(key)).toLowerCase();
    const before = seen.size;
    if (seen.add(name) < before) shared.add(name);
  }
  return shared;
}

function clean(text: string): string {
  const name = text.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '_');
  // Names that start so are hidden, options or, for a lone '-', "unknown".
  return /^[.-]|^$/.test(name) ? `_${name}` : name;
}

function shorten(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > MAX_BYTES) short = [...short].slice(0, -1).join('');
  return short;
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8);
}
