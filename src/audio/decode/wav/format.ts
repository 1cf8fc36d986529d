import { damaged } from '../broken-audio.js';
import type { Chunk } from './riff-chunks.js';

/** How samples are stored, from a WAV file's `fmt` chunk. */
export interface WavFormat {
  /** The encoding's number; that of the sub-format for WAVE_FORMAT_EXTENSIBLE. */
  formatTag: number;
  channels: number;
  sampleRateHz: number;
  /** Bytes of one sample of all channels, or of one block of a compressed encoding. */
  blockBytes: number;
  /** The predictors of Microsoft ADPCM, pairs in parts of 256, where the chunk lists them. */
  coefficients?: number[];
}

/** The numbers of the encodings that are read here (RFC 2361). */
export const TAG = { pcm: 1, microsoft: 2, float: 3, aLaw: 6, muLaw: 7, ima: 0x11, mp3: 0x55, g722: 0x28f } as const;

const EXTENSIBLE = 0xfffe;

/**
 * Reads a `fmt` chunk. Where the size of a block contradicts bits and channels, these are believed, as ffmpeg and libsndfile do.
 *
 * @throws UserError when the chunk is impossible
 */
export function readWavFormat(view: DataView, chunk: Chunk, littleEndian: boolean, name: string): WavFormat {
  const u16 = (at: number) => view.getUint16(chunk.at + at, littleEndian);
  const isExtended = u16(0) === EXTENSIBLE;
  if (isExtended && (chunk.bytes < 26 || chunk.at + 26 > view.byteLength)) {
    throw damaged(name, 'its fmt chunk ends before the extension that says how the samples are stored');
  }
  const formatTag = isExtended ? u16(24) : u16(0);
  const [channels, sampleRateHz] = [u16(2), view.getUint32(chunk.at + 4, littleEndian)];
  const blockBytes = blockBytesOf(formatTag, channels, chunk.bytes < 16 ? 0 : u16(14), u16(12), name);
  if (channels === 0 || sampleRateHz === 0 || blockBytes === 0) {
    const what = `${channels} channels, ${sampleRateHz} Hz, ${blockBytes} bytes a block`;
    throw damaged(name, `its fmt chunk is impossible (${what})`);
  }
  return { formatTag, channels, sampleRateHz, blockBytes, coefficients: coefficientsOf(view, chunk, formatTag) };
}

/** Behind the 18 bytes that every extended fmt chunk has: samples a block, the number of pairs, and the pairs. */
function coefficientsOf(view: DataView, chunk: Chunk, formatTag: number): number[] | undefined {
  const room = Math.min(chunk.bytes, view.byteLength - chunk.at) - 22;
  if (formatTag !== TAG.microsoft || room < 4) return undefined;
  const pairs = Math.min(view.getUint16(chunk.at + 20, true), room >> 2);
  return Array.from({ length: 2 * pairs }, (_, i) => view.getInt16(chunk.at + 22 + 2 * i, true));
}

function blockBytesOf(formatTag: number, channels: number, bits: number, stated: number, name: string): number {
  if (formatTag === TAG.aLaw || formatTag === TAG.muLaw) return channels;
  if ((formatTag !== TAG.pcm && formatTag !== TAG.float) || bits === 0) return stated;
  const byBits = channels * Math.ceil(bits / 8);
  // 24 bits a sample in blocks of 4 bytes are written in three ways, and nothing says which: better no sound than noise.
  if (stated > byBits && ![8, 16, 32, 64].includes(bits)) {
    const what = `${bits} bits in ${channels} channels take ${byBits} bytes, and it states ${stated}`;
    throw damaged(name, `its fmt chunk contradicts itself: ${what}`);
  }
  return byBits;
}
