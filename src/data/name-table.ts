import { createTextStore } from './text-store.js';

/** Distinct names, numbered from 0 in order of arrival: some 30 bytes and the UTF-8 each, where a Map takes over 100. */
export interface NameTable extends Iterable<string> {
  readonly size: number;
  /** The number of a name, which is new if it equals the former size. */
  add(name: string): number;
  /** The same for the name that these bytes spell (UTF-8): no string is made of a mention. */
  addBytes(bytes: Uint8Array, start: number, end: number): number;
  /** The number of a name; -1 where it was never added. */
  find(name: string): number;
  at(index: number): string;
}

const NONE = -1;
const FIRST_SLOTS = 1024;

/** An open-addressing table over bytes. Names compare by their UTF-8: halves of surrogate pairs, which no file holds, are all one. */
export function createNameTable(): NameTable {
  const names = createTextStore();
  let slots = new Int32Array(FIRST_SLOTS).fill(NONE);
  /** By name; what they are compared by first, and find their slots by when the table grows. */
  let hashes = new Int32Array(FIRST_SLOTS / 2);

  /** The slot that holds these bytes, or the free one where they belong. */
  const slotOf = (hash: number, bytes: Uint8Array, start: number, end: number): number => {
    for (let slot = hash & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
      const name = slots[slot];
      if (name === NONE || (hashes[name] === hash && names.isSame(name, bytes, start, end))) return slot;
    }
  };
  const enlarge = () => {
    slots = new Int32Array(2 * slots.length).fill(NONE);
    const more = new Int32Array(slots.length / 2);
    more.set(hashes);
    hashes = more;
    for (let name = 0; name < names.size; name++) {
      let slot = hashes[name] & (slots.length - 1);
      while (slots[slot] !== NONE) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = name;
    }
  };
  const addBytes = (bytes: Uint8Array, start: number, end: number): number => {
    const hash = hashBytes(bytes, start, end);
    const slot = slotOf(hash, bytes, start, end);
    if (slots[slot] !== NONE) return slots[slot];
    const name = names.pushBytes(bytes, start, end);
    slots[slot] = name;
    hashes[name] = hash;
    if (names.size === hashes.length) enlarge();
    return name;
  };
  return {
    get size() {
      return names.size;
    },
    add(name) {
      const bytes = Buffer.from(name);
      return addBytes(bytes, 0, bytes.length);
    },
    addBytes,
    find(name) {
      const bytes = Buffer.from(name);
      return slots[slotOf(hashBytes(bytes, 0, bytes.length), bytes, 0, bytes.length)];
    },
    at: (index) => names.at(index),
    *[Symbol.iterator]() {
      for (let index = 0; index < names.size; index++) yield names.at(index);
    },
  };
}

/** FNV-1a, then an avalanche, as the low bits choose the slot; 30 bits, which V8 keeps as small integers. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) & 0x3fffffff;
}
