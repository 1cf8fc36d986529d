import { createTextStore } from './text-store.js';

/** Different names, numbered from 0 in the order of their coming: some 25 bytes and the UTF-8 each, where a Map takes over 100. */
export interface NameTable extends Iterable<string> {
  readonly size: number;
  /** The number of a name, which is new if it equals the former size. */
  add(name: string): number;
  /** The number of a name; -1 where it was never added. */
  find(name: string): number;
  at(index: number): string;
}

const NONE = -1;
const FIRST_SLOTS = 256;

/** An open-addressing table over bytes. Names compare by their UTF-8: halves of surrogate pairs, which no file holds, are all one. */
export function createNameTable(): NameTable {
  const names = createTextStore();
  let slots = new Int32Array(FIRST_SLOTS).fill(NONE);

  /** The slot that holds these bytes, or the free one where they belong. */
  const slotOf = (bytes: Buffer): number => {
    for (let slot = hashOf(bytes) & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1))
      if (slots[slot] === NONE || names.bytesAt(slots[slot]).equals(bytes)) return slot;
  };
  const makeRoom = () => {
    if (4 * (names.size + 1) <= 3 * slots.length) return;
    slots = new Int32Array(2 * slots.length).fill(NONE);
    for (let index = 0; index < names.size; index++) slots[slotOf(names.bytesAt(index))] = index;
  };
  return {
    get size() {
      return names.size;
    },
    add(name) {
      makeRoom();
      const slot = slotOf(Buffer.from(name));
      if (slots[slot] === NONE) slots[slot] = names.push(name);
      return slots[slot];
    },
    find: (name) => slots[slotOf(Buffer.from(name))],
    at: (index) => names.at(index),
    *[Symbol.iterator]() {
      for (let index = 0; index < names.size; index++) yield names.at(index);
    },
  };
}

/** FNV-1a of 32 bits, mixed so that its low bits depend on all bytes. */
function hashOf(bytes: Buffer): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
