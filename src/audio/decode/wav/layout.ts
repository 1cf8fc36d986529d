import { cutShort, damaged } from '../broken-audio.js';
import { textAt } from '../file-start.js';
import { readWavFormat, type WavFormat } from './format.js';
import { type Chunk, isChunkAt, isKnownAt, readRiffChunks } from './riff-chunks.js';
import { readWave64Chunks } from './wave64-chunks.js';

/** Description of a WAV file's samples, from its chunks. */
export interface WavLayout extends WavFormat {
  littleEndian: boolean;
  /** The samples' bytes that are there. */
  data: Uint8Array;
  /** Bytes of samples that the header states; null when a streaming writer left the length open. */
  statedBytes: number | null;
  /** Samples a channel by the `fact` chunk, or null. Compressed encodings need it to end inside a block. */
  factSamples: number | null;
}

/** Lengths from here on are what streaming writers leave when they cannot go back (sox 0x7ffff000, ffmpeg 0xffffffff). */
const OPEN_LENGTH = 0x7fff0000;

/**
 * Reads the chunks of a RIFF, RIFX, RF64 or BW64 file, in any order.
 *
 * @throws UserError when the `fmt` or `data` chunk is missing or contradicts itself.
 */
export function readWavLayout(bytes: Uint8Array, name: string): WavLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = textAt(bytes, 0, 4) !== 'RIFX';
  const riffEnd = 8 + view.getUint32(4, littleEndian);
  return layoutOf(bytes, readRiffChunks(bytes, littleEndian), { littleEndian, statedEnd: riffEnd }, name);
}

/** `readWavLayout` for a Sony Wave64 file. */
export function readWave64Layout(bytes: Uint8Array, name: string): WavLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const statedEnd = Number(view.getBigUint64(16, true));
  return layoutOf(bytes, readWave64Chunks(bytes), { littleEndian: true, statedEnd }, name);
}

interface Outer {
  littleEndian: boolean;
  /** Where the file ends by its own header. */
  statedEnd: number;
}

function layoutOf(bytes: Uint8Array, chunks: Chunk[], { littleEndian, statedEnd }: Outer, name: string): WavLayout {
  const find = (id: string) => chunks.find((chunk) => chunk.id === id);
  const [format, fact] = [find('fmt '), find('fact')];
  const data = chunks.find(({ id, bytes: length }) => id === 'data' && length > 0) ?? find('data');
  if (!data || (format && format.at + 16 > bytes.length)) {
    if (statedEnd > bytes.length) throw cutShort(name, 0, null);
    const last = chunks.at(-1);
    const where = last
      ? `behind its chunk '${last.id}', which states ${last.bytes} bytes, none begins`
      : 'it has no chunks';
    throw damaged(name, `its data chunk, which holds the samples, is missing: ${where}`);
  }
  if (!format) throw damaged(name, 'its fmt chunk, which says how the samples are stored, is missing');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated = isLengthWrong(bytes, data, statedEnd) ? null : data.bytes;
  return {
    ...readWavFormat(view, format, littleEndian, name),
    littleEndian,
    data: bytes.subarray(data.at, data.at + Math.min(stated ?? Number.POSITIVE_INFINITY, bytes.length - data.at)),
    statedBytes: stated,
    factSamples: fact && fact.at + 4 <= bytes.length ? view.getUint32(fact.at, littleEndian) : null,
  };
}

/**
 * True when the data chunk's length was left open, or leads out of a file that is whole by its outer length: the samples then go on
 * to the end of the file.
 */
function isLengthWrong(bytes: Uint8Array, data: Chunk, statedEnd: number): boolean {
  if (data.bytes === 0) return !(isKnownAt(bytes, data.at) || isLastChunk(bytes, data.at));
  if (data.at + data.bytes <= bytes.length) return false;
  const isOpen = data.bytes >= OPEN_LENGTH && data.bytes <= 0xffffffff;
  return isOpen || data.bytes > Number.MAX_SAFE_INTEGER || statedEnd === bytes.length;
}

/** True where a chunk stands that takes the rest of the file. */
function isLastChunk(bytes: Uint8Array, at: number): boolean {
  if (at >= bytes.length) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isChunkAt(bytes, at) && [0, 1].includes(bytes.length - at - 8 - view.getUint32(at + 4, true));
}
