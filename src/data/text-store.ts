/** Strings, numbered from 0, as bytes: 12 and their UTF-8 each. */
export interface TextStore {
  readonly size: number;
  /** Gives the string's number. */
  push(text: string): number;
  at(index: number): string;
  /** The UTF-8 of a string, in place. */
  bytesAt(index: number): Buffer;
}

const CHUNK_BYTES = 1 << 20;
const LENGTH_BYTES = 4;
/** A place is a chunk's number times this, plus the offset in it. */
const CHUNK_SPAN = 2 ** 32;

/** Holds strings outside of the heap, in chunks: growing copies only the list of places. */
export function createTextStore(): TextStore {
  const chunks: Buffer[] = [];
  let used = 0;
  let places = new Float64Array(256);
  let size = 0;
  const bytesAt = (index: number): Buffer => {
    const chunk = chunks[Math.floor(places[index] / CHUNK_SPAN)];
    const at = places[index] % CHUNK_SPAN;
    return chunk.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + chunk.readUInt32LE(at));
  };
  return {
    get size() {
      return size;
    },
    push(text) {
      const bytes = Buffer.byteLength(text);
      const needed = LENGTH_BYTES + bytes;
      if (chunks.length === 0 || used + needed > chunks[chunks.length - 1].length) {
        chunks.push(Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, needed)));
        used = 0;
      }
      const chunk = chunks[chunks.length - 1];
      chunk.writeUInt32LE(bytes, used);
      chunk.write(text, used + LENGTH_BYTES);
      if (size === places.length) places = grown(places);
      places[size] = (chunks.length - 1) * CHUNK_SPAN + used;
      used += needed;
      return size++;
    },
    at: (index) => bytesAt(index).toString(),
    bytesAt,
  };
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const more = new Float64Array(2 * values.length);
  more.set(values);
  return more;
}
