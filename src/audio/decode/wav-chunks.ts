import { cutShort, damaged } from './broken-audio.js';
import { textAt } from './file-start.js';

/** Description of a WAV file's samples, from its chunks. */
export interface WavLayout {
  littleEndian: boolean;
  /** The encoding's number; that of the sub-format for WAVE_FORMAT_EXTENSIBLE. */
  formatTag: number;
  channels: number;
  sampleRateHz: number;
  /** Bytes of one sample of all channels, or of one block of a compressed encoding. */
  blockBytes: number;
  /** The samples' bytes that are there, without an incomplete last block. */
  data: Uint8Array;
  /** Blocks that the header states; null when a streaming writer left the length open. */
  statedBlocks: number | null;
  /** Samples a channel by the `fact` chunk, or null. Compressed encodings need it to end inside a block. */
  factSamples: number | null;
}

interface Chunk {
  id: string;
  at: number;
  bytes: number;
}

const EXTENSIBLE = 0xfffe;

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
  const chunks = readChunks(bytes, view, littleEndian);
  const find = (id: string) => chunks.find((chunk) => chunk.id === id);
  const [format, data, fact] = [find('fmt '), find('data'), find('fact')];
  if (!data || (format && format.at + 16 > bytes.length)) throw cutShort(name, 0, null);
  if (!format) throw damaged(name, 'its fmt chunk, which says how the samples are stored, is missing');
  const u16 = (at: number) => view.getUint16(format.at + at, littleEndian);
  const layout = {
    littleEndian,
    formatTag: u16(0) === EXTENSIBLE && format.bytes >= 26 ? u16(24) : u16(0),
    channels: u16(2),
    sampleRateHz: view.getUint32(format.at + 4, littleEndian),
    blockBytes: u16(12),
    factSamples: fact && fact.at + 4 <= bytes.length ? view.getUint32(fact.at, littleEndian) : null,
  };
  if (layout.channels === 0 || layout.sampleRateHz === 0 || layout.blockBytes === 0) {
    const { channels, sampleRateHz, blockBytes } = layout;
    throw damaged(
      name,
      `its fmt chunk is impossible (${channels} channels, ${sampleRateHz} Hz, ${blockBytes} bytes a block)`,
    );
  }
  const stated = isOpen(data, bytes.length, view.getUint32(4, littleEndian)) ? null : data.bytes;
  const there = Math.min(stated ?? Number.POSITIVE_INFINITY, bytes.length - data.at);
  const blocksOf = (length: number) => Math.floor(length / layout.blockBytes);
  return {
    ...layout,
    data: bytes.subarray(data.at, data.at + blocksOf(there) * layout.blockBytes),
    statedBlocks: stated === null ? null : blocksOf(stated),
  };
}

/** Lists the chunks up to the file's end; the 64-bit forms keep the data chunk's length in `ds64`. */
function readChunks(bytes: Uint8Array, view: DataView, littleEndian: boolean): Chunk[] {
  const chunks: Chunk[] = [];
  let longDataBytes: number | null = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = textAt(bytes, at, 4);
    let length = view.getUint32(at + 4, littleEndian);
    if (id === 'ds64' && at + 24 <= bytes.length) longDataBytes = Number(view.getBigUint64(at + 16, littleEndian));
    if (id === 'data' && length === 0xffffffff && longDataBytes) length = longDataBytes;
    chunks.push({ id, at: at + 8, bytes: length });
    at += 8 + length + (length % 2);
  }
  return chunks;
}

/** True when the data chunk's length was left open: the samples then go on to the end of the file. */
function isOpen(data: Chunk, fileBytes: number, riffBytes: number): boolean {
  if (data.bytes === 0) return riffBytes + 8 < fileBytes || riffBytes > fileBytes;
  return data.bytes >= OPEN_LENGTH && data.bytes <= 0xffffffff && data.at + data.bytes > fileBytes;
}
