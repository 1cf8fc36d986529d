/** Numbers names as they come: one entry for each name, however often it is mentioned, and no string for a mention. */
export interface NameTable {
  /** The number of the name that these bytes spell (UTF-8). */
  numberOf(bytes: Uint8Array, start: number, end: number): number;
  /** All names, by number. */
  names(): string[];
}

const FIRST_SLOTS = 1024;

/** An open hash table of byte strings. */
export function createNameTable(): NameTable {
  let slots = new Int32Array(FIRST_SLOTS).fill(-1);
  let text = new Uint8Array(16 * FIRST_SLOTS);
  /** Where each name ends in `text`, and the next one begins. */
  const ends: number[] = [];
  const hashes: number[] = [];
  const startOf = (number: number) => (number === 0 ? 0 : ends[number - 1]);

  function isSame(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = startOf(number);
    if (ends[number] - from !== end - start) return false;
    for (let i = start; i < end; i++) if (text[from + i - start] !== bytes[i]) return false;
    return true;
  }

  function add(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const from = startOf(ends.length);
    while (from + end - start > text.length) text = enlarged(text);
    for (let i = start; i < end; i++) text[from + i - start] = bytes[i];
    hashes.push(hash);
    return ends.push(from + end - start) - 1;
  }

  function rehash(): void {
    slots = new Int32Array(2 * slots.length).fill(-1);
    for (const [number, hash] of hashes.entries()) {
      let slot = hash & (slots.length - 1);
      while (slots[slot] >= 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = number;
    }
  }

  return {
    numberOf(bytes, start, end) {
      const hash = hashBytes(bytes, start, end);
      let slot = hash & (slots.length - 1);
      for (; slots[slot] >= 0; slot = (slot + 1) & (slots.length - 1)) {
        if (hashes[slots[slot]] === hash && isSame(slots[slot], bytes, start, end)) return slots[slot];
      }
      const number = add(bytes, start, end, hash);
      slots[slot] = number;
      if (2 * ends.length > slots.length) rehash();
      return number;
    },
    names: () => ends.map((end, number) => Buffer.from(text.subarray(startOf(number), end)).toString('utf8')),
  };
}

function enlarged(text: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * text.length);
  larger.set(text);
  return larger;
}

/** FNV-1a, then an avalanche, as the low bits choose the slot; 31 bits, which V8 keeps as small integers. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) & 0x3fffffff;
}
