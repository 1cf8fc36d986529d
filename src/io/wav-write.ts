import { writeFileAtomic } from './atomic.js';

const HEADER_BYTES = 44;

/**
 * Writes a mono WAV file with 16-bit PCM, whole or not at all.
 *
 * @param samples 16-bit values, or floats in [-1, 1]: rounded, and saturated beyond (so that decoding gives the same values back)
 */
export function writeWav16(path: string, samples: Float32Array | Int16Array, sampleRateHz: number): void {
  writeFileAtomic(path, ...wav16(samples instanceof Int16Array ? samples : toInt16(samples), sampleRateHz));
}

/** The bytes of a mono WAV file with 16-bit PCM: its header, and the samples as they lie in memory. */
export function wav16(data: Int16Array, sampleRateHz: number): [Uint8Array, Uint8Array] {
  const bytes = new Uint8Array(HEADER_BYTES);
  const header = new DataView(bytes.buffer);
  const ascii = (at: number, text: string) => bytes.set(Buffer.from(text, 'latin1'), at);
  ascii(0, 'RIFF');
  header.setUint32(4, HEADER_BYTES - 8 + data.byteLength, true);
  ascii(8, 'WAVEfmt ');
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true); // PCM
  header.setUint16(22, 1, true); // channels
  header.setUint32(24, sampleRateHz, true);
  header.setUint32(28, sampleRateHz * 2, true); // bytes a second
  header.setUint16(32, 2, true); // bytes a sample
  header.setUint16(34, 16, true); // bits a sample
  ascii(36, 'data');
  header.setUint32(40, data.byteLength, true);
  return [bytes, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

/** Floats in [-1, 1] as 16-bit integers: rounded half up, saturated. A sample that is not a number is an error. */
export function toInt16(samples: Float32Array): Int16Array {
  const data = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    const value = Math.round(samples[i] * 0x8000);
    if (Number.isNaN(value)) throw new Error(`Sample ${i} is not a number.`);
    data[i] = Math.max(-0x8000, Math.min(0x7fff, value));
  }
  return data;
}
