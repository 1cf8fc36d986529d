import { cutShort, damaged } from './broken-audio.js';
import { textAt } from './file-start.js';

const HEADER_BYTES = 7;
const SAMPLES_PER_FRAME = 1024;

/**
 * Walks the frames of an ADTS stream (ISO/IEC 14496-3, annex 1.A): each states its length, so what a decoder would step over shows.
 *
 * @throws UserError when the last frame breaks off, or when bytes that are no frame stand before another one
 */
export function checkAdtsFrames(bytes: Uint8Array, name: string): void {
  let [at, frames] = [0, 0];
  while (isAdtsHeader(bytes, at)) {
    const end = at + adtsFrameBytes(bytes, at);
    if (end > bytes.length) throw cutShort(name, frames * SAMPLES_PER_FRAME, null);
    at = end;
    frames++;
  }
  // A tag may follow the sound.
  if (at >= bytes.length || textAt(bytes, at, 3) === 'TAG' || textAt(bytes, at, 8) === 'APETAGEX') return;
  for (let next = at + 1; next + HEADER_BYTES <= bytes.length; next++) {
    if (isAdtsHeader(bytes, next) && isAdtsHeader(bytes, next + adtsFrameBytes(bytes, next))) {
      throw damaged(name, `behind AAC frame ${frames} stand ${next - at} bytes that are no frame`);
    }
  }
}

/** The MPEG sync word with the layer bits 00, and a possible length. */
export function isAdtsHeader(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xff && (bytes[at + 1] & 0xf6) === 0xf0 && adtsFrameBytes(bytes, at) >= HEADER_BYTES;
}

export function adtsFrameBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 3] & 3) << 11) | (bytes[at + 4] << 3) | (bytes[at + 5] >> 5);
}
