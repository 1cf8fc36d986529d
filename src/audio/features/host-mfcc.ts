import { fbankOptions } from './fbank-options.js';
import { hostFbank } from './host-fbank.js';

const BINS = 30;
const FEATURES = fbankOptions.parse({ bins: BINS, lowHz: 100, highHz: 7000 });

/**
 * Mel cepstra c1 to c`size` of a 16 kHz signal every 10 ms, by a cosine transform of 30 log mel energies; the level (c0) is left out.
 * @returns [frames, size]
 */
export function hostMfcc(samples: Float32Array, size: number): Float32Array {
  const energies = hostFbank(samples, FEATURES);
  const cosines = Float64Array.from({ length: size * BINS }, (_, at) => {
    const [k, bin] = [Math.floor(at / BINS) + 1, at % BINS];
    return Math.sqrt(2 / BINS) * Math.cos((Math.PI * k * (bin + 0.5)) / BINS);
  });
  const frames = energies.length / BINS;
  const cepstra = new Float32Array(frames * size);
  for (let at = 0; at < cepstra.length; at++) {
    const [frame, k] = [Math.floor(at / size), at % size];
    let sum = 0;
    for (let bin = 0; bin < BINS; bin++) sum += cosines[k * BINS + bin] * energies[frame * BINS + bin];
    cepstra[at] = sum;
  }
  return cepstra;
}
