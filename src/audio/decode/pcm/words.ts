/** Storage format of one PCM sample. */
export type WordKind = 'uint8' | 'int8' | 'int16' | 'int24' | 'int32' | 'float32' | 'float64';

interface Word {
  bytes: number;
  /** The value at a byte offset, scaled to [-1, 1). */
  read(view: DataView, at: number, littleEndian: boolean): number;
}

const WORDS: Record<WordKind, Word> = {
  uint8: { bytes: 1, read: (view, at) => (view.getUint8(at) - 128) / 128 },
  int8: { bytes: 1, read: (view, at) => view.getInt8(at) / 128 },
  int16: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) / 0x8000 },
  int24: { bytes: 3, read: (view, at, little) => int24(view, at, little) / 0x800000 },
  int32: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) / 0x80000000 },
  float32: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  float64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

/** The kind of signed integers of so many bytes a sample; null where there is none. */
export function signedWords(bytesPerSample: number): WordKind | null {
  return ([null, 'int8', 'int16', 'int24', 'int32'] as const)[bytesPerSample] ?? null;
}

function int24(view: DataView, at: number, little: boolean): number {
  return little
    ? view.getInt16(at + 1, true) * 256 + view.getUint8(at)
    : view.getInt16(at, false) * 256 + view.getUint8(at + 2);
}

/** Bytes of one sample. */
export const bytesOfWord = (kind: WordKind): number => WORDS[kind].bytes;

/** Splits interleaved samples of any kind into channels in [-1, 1]. */
export function fromWords(data: Uint8Array, kind: WordKind, channels: number, littleEndian: boolean): Float32Array[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const { bytes, read } = WORDS[kind];
  const length = Math.floor(data.length / (bytes * channels));
  return Array.from({ length: channels }, (_, c) => {
    const channel = new Float32Array(length);
    for (let i = 0, at = c * bytes; i < length; i++, at += bytes * channels) channel[i] = read(view, at, littleEndian);
    return channel;
  });
}

/** Splits interleaved 16-bit samples into channels in [-1, 1), at most `limit` samples each. */
export function fromInt16(data: Int16Array, channels: number, limit: number | null = null): Float32Array[] {
  const length = Math.min(Math.floor(data.length / channels), limit || Number.POSITIVE_INFINITY);
  return Array.from({ length: channels }, (_, c) => {
    const channel = new Float32Array(length);
    for (let i = 0, at = c; i < length; i++, at += channels) channel[i] = data[at] / 0x8000;
    return channel;
  });
}
