import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of a recording in test/fixtures/audio. */
export function recording(name: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/audio/${name}`, import.meta.url));
}

/** A recording's bytes, in a buffer of their own that a test may change. */
export function bytesOf(name: string): Uint8Array {
  return new Uint8Array(readFileSync(recording(name)));
}

export const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** A recording's bytes with `text` in the place of as many bytes from `at` on. */
export function patched(name: string, at: number, text: string): Uint8Array {
  const bytes = bytesOf(name);
  bytes.set(latin1(text), at);
  return bytes;
}

/** The samples of a headerless int16 file, scaled as decoders scale them. */
export function rawSamples(name: string): Float32Array {
  const bytes = bytesOf(name);
  return Float32Array.from(new Int16Array(bytes.buffer, 0, bytes.length >> 1), (value) => value / 32768);
}

/** The 8000 samples that every recording was made from: signal.wav behind its 44-byte header. */
export function originalSignal(): Float32Array {
  return rawSamples('signal.wav').subarray(22);
}

/** How far `actual` follows `expected`, in dB; `margin` samples at each end are left out. */
export function signalToNoiseDb(expected: Float32Array, actual: Float32Array, margin = 0): number {
  let [signal, noise] = [0, 0];
  for (let i = margin; i < expected.length - margin; i++) {
    signal += expected[i] ** 2;
    noise += (actual[i] - expected[i]) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

/** The largest difference of two signals. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
}
