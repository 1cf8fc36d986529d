/** Strings, numbered from 0, as bytes: 12 and their UTF-8 each. */
export interface TextStore {
  readonly size: number;
  /** Returns the string's number. */
  push(text: string): number;
  /** The same for the string that these bytes spell. */
  pushBytes(bytes: Uint8Array, start: number, end: number): number;
  at(index: number): string;
  /** True when these bytes spell that string. */
  isSame(index: number, bytes: Uint8Array, start: number, end: number): boolean;
}

const CHUNK_BYTES = 1 << 20;
const LENGTH_BYTES = 4;
/** A place is a chunk's number times this, plus the offset in it. */
const CHUNK_SPAN = 2 ** 32;

/** Holds strings outside the heap, in chunks: growing copies only the list of places. */
export function createTextStore(): TextStore {
  const chunks: Buffer[] = [];
  let used = 0;
  let places = new Float64Array(256);
  let size = 0;
  const chunkOf = (index: number) => chunks[Math.floor(places[index] / CHUNK_SPAN)];
  const pushBytes = (bytes: Uint8Array, start: number, end: number): number => {
    const needed = LENGTH_BYTES + end - start;
    if (chunks.length === 0 || used + needed > chunks[chunks.length - 1].length) {
      chunks.push(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, needed)));
      used = 0;
    }
    const chunk = chunks[chunks.length - 1];
    chunk.writeUInt32LE(end - start, used);
    chunk.set(bytes.subarray(start, end), used + LENGTH_BYTES);
    if (size === places.length) places = grown(places);
    places[size] = (chunks.length - 1) * CHUNK_SPAN + used;
    used += needed;
    return size++;
  };
  return {
    get size() {
      return size;
    },
    push(text) {
      const bytes = Buffer.from(text);
      return pushBytes(bytes, 0, bytes.length);
    },
    pushBytes,
    at(index) {
      const [chunk, from] = [chunkOf(index), places[index] % CHUNK_SPAN];
      return chunk.toString('utf8', from + LENGTH_BYTES, from + LENGTH_BYTES + chunk.readUInt32LE(from));
    },
    isSame(index, bytes, start, end) {
      const [chunk, from] = [chunkOf(index), places[index] % CHUNK_SPAN];
      if (chunk.readUInt32LE(from) !== end - start) return false;
      const shift = from + LENGTH_BYTES - start;
      for (let i = start; i < end; i++) if (chunk[i + shift] !== bytes[i]) return false;
      return true;
    },
  };
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const more = new Float64Array(2 * values.length);
  more.set(values);
  return more;
}
