import { textAt } from '../file-start.js';
import type { Chunk } from './riff-chunks.js';

/** The first identifier of a file: "riff" and twelve bytes that make it unique. */
const RIFF_GUID = 'riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00';

/** Bytes of a chunk's header: an identifier of 16 bytes and a length of 8, which counts the header too. */
const HEADER_BYTES = 24;
const FIRST_CHUNK_AT = 40;

export const isWave64 = (bytes: Uint8Array, start: number): boolean =>
  textAt(bytes, start, RIFF_GUID.length) === RIFF_GUID && textAt(bytes, start + HEADER_BYTES, 4) === 'wave';

/** Lists the chunks of a Sony Wave64 file: WAV with identifiers of 16 bytes, of which the first four are WAV's, and 64-bit lengths. */
export function readWave64Chunks(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = FIRST_CHUNK_AT; at + HEADER_BYTES <= bytes.length; ) {
    const length = Number(view.getBigUint64(at + 16, true));
    if (length < HEADER_BYTES) break;
    chunks.push({ id: textAt(bytes, at, 4), at: at + HEADER_BYTES, bytes: length - HEADER_BYTES });
    at += Math.ceil(length / 8) * 8;
  }
  return chunks;
}
