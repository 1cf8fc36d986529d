import { cutShort, damaged } from '../broken-audio.js';
import { textAt } from '../file-start.js';

const HEADER_BYTES = 7;
const CHECKSUM_BYTES = 2;
const SAMPLES_PER_FRAME = 1024;

/** What a stream's headers say of it, equal in all its frames. */
export interface AdtsConfig {
  /** 2 is AAC-LC, by ISO/IEC 14496-3, table 1.17. */
  objectType: number;
  /** By table 1.18: 3 is 48 kHz, 8 is 16 kHz. */
  rateIndex: number;
  /** By table 1.19; 0 means that the first frame lists the channels. */
  channelConfig: number;
}

export interface AdtsStream {
  config: AdtsConfig;
  /** What a decoder is fed: the frames without headers. */
  frames: Uint8Array[];
  /** Each frame holds one block of 1024 samples, as all encoders that we know write it. */
  hasSingleBlocks: boolean;
}

/**
 * Walks the frames of an ADTS stream (ISO/IEC 14496-3, annex 1.A): each states its length, so what a decoder would step over shows.
 *
 * @throws UserError when the last frame breaks off, when bytes that are no frame stand before another one, or when rate or channels change
 */
export function readAdts(bytes: Uint8Array, name: string): AdtsStream {
  const config = configAt(bytes, 0);
  const stream: AdtsStream = { config, frames: [], hasSingleBlocks: true };
  let at = 0;
  for (; isAdtsHeader(bytes, at); at += adtsFrameBytes(bytes, at)) {
    const end = at + adtsFrameBytes(bytes, at);
    if (end > bytes.length) throw cutShort(name, stream.frames.length * SAMPLES_PER_FRAME, null);
    if (!isSame(configAt(bytes, at), config))
      throw damaged(name, `sampling rate or channels change in AAC frame ${stream.frames.length + 1}`);
    const hasChecksum = (bytes[at + 1] & 1) === 0;
    if ((bytes[at + 6] & 3) !== 0) stream.hasSingleBlocks = false;
    stream.frames.push(bytes.subarray(at + HEADER_BYTES + (hasChecksum ? CHECKSUM_BYTES : 0), end));
  }
  checkEnd(bytes, at, stream.frames.length, name);
  return stream;
}

/** A tag may follow the sound, and damage may, but no frame behind it. */
function checkEnd(bytes: Uint8Array, at: number, frames: number, name: string): void {
  if (at >= bytes.length || textAt(bytes, at, 3) === 'TAG' || textAt(bytes, at, 8) === 'APETAGEX') return;
  for (let next = at + 1; next + HEADER_BYTES <= bytes.length; next++) {
    if (isAdtsHeader(bytes, next) && isAdtsHeader(bytes, next + adtsFrameBytes(bytes, next))) {
      throw damaged(name, `behind AAC frame ${frames} stand ${next - at} bytes that are no frame`);
    }
  }
}

function configAt(bytes: Uint8Array, at: number): AdtsConfig {
  return {
    objectType: (bytes[at + 2] >> 6) + 1,
    rateIndex: (bytes[at + 2] >> 2) & 15,
    channelConfig: ((bytes[at + 2] & 1) << 2) | (bytes[at + 3] >> 6),
  };
}

function isSame(a: AdtsConfig, b: AdtsConfig): boolean {
  return a.objectType === b.objectType && a.rateIndex === b.rateIndex && a.channelConfig === b.channelConfig;
}

/** The MPEG sync word with the layer bits 00, and a possible length. */
export function isAdtsHeader(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xff && (bytes[at + 1] & 0xf6) === 0xf0 && adtsFrameBytes(bytes, at) >= HEADER_BYTES;
}

export function adtsFrameBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 3] & 3) << 11) | (bytes[at + 4] << 3) | (bytes[at + 5] >> 5);
}
