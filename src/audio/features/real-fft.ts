/** Fourier transforms of real rows on the host: for what runs in worker threads, without the tensor library. Nothing is normalised. */
export interface RealTransform {
  /** Fills `re` and `im` [size / 2 + 1] with the spectrum of `frame` [size]. */
  forward(frame: Float64Array, re: Float64Array, im: Float64Array): void;
  /** Fills `frame` [size] with the samples that have this spectrum. */
  inverse(re: Float64Array, im: Float64Array, frame: Float64Array): void;
}

/** Fills `power` [size / 2 + 1] with the squared magnitudes of the spectrum of `frame` [size]. */
export type PowerSpectrum = (frame: Float64Array, power: Float64Array) => void;

/** Plans a power spectrum of `size` samples, as `planRealTransform`. */
export function planPowerSpectrum(size: number): PowerSpectrum {
  const { forward } = planRealTransform(size);
  const [re, im] = [new Float64Array(size / 2 + 1), new Float64Array(size / 2 + 1)];
  return (frame, power) => {
    forward(frame, re, im);
    for (let k = 0; k <= size / 2; k++) power[k] = re[k] ** 2 + im[k] ** 2;
  };
}

/**
 * Plans transforms of `size` samples, a power of two of at least 4: an in-place radix-2 transform (Cooley and Tukey, "An algorithm for the
 * machine calculation of complex Fourier series", Mathematics of Computation 1965), forward of half the size, over pairs of samples as complex
 * numbers.
 */
export function planRealTransform(size: number): RealTransform {
  const half = size / 2;
  const [places, table] = [bitReversed(half), turnsOf(half)];
  const { cosines, sines } = table;
  const [pairRe, pairIm] = [new Float64Array(half), new Float64Array(half)];
  return {
    forward(frame, re, im) {
      for (let i = 0; i < half; i++) {
        pairRe[i] = frame[2 * places[i]];
        pairIm[i] = frame[2 * places[i] + 1];
      }
      transform(pairRe, pairIm, table);
      // Spectra of the even and the odd samples are the symmetric parts of the transform of the pairs.
      for (let k = 0; k < half; k++) {
        const mirror = (half - k) % half;
        const [evenRe, evenIm] = [(pairRe[k] + pairRe[mirror]) / 2, (pairIm[k] - pairIm[mirror]) / 2];
        const [oddRe, oddIm] = [(pairIm[k] + pairIm[mirror]) / 2, (pairRe[mirror] - pairRe[k]) / 2];
        const [c, s] = [cosines[k], sines[k]];
        re[k] = evenRe + oddRe * c - oddIm * s;
        im[k] = evenIm + oddRe * s + oddIm * c;
      }
      re[half] = pairRe[0] - pairIm[0];
      im[half] = 0;
    },
    inverse: planInverse(size),
  };
}

/** The samples are the conjugate of the transform of the conjugate spectrum; they are real. */
function planInverse(size: number): RealTransform['inverse'] {
  const [places, table] = [bitReversed(size), turnsOf(size)];
  const [wholeRe, wholeIm] = [new Float64Array(size), new Float64Array(size)];
  return (re, im, frame) => {
    for (let i = 0; i < size; i++) {
      const k = places[i];
      const isMirrored = k > size / 2;
      wholeRe[i] = re[isMirrored ? size - k : k];
      wholeIm[i] = isMirrored ? im[size - k] : -im[k];
    }
    transform(wholeRe, wholeIm, table);
    for (let i = 0; i < size; i++) frame[i] = wholeRe[i] / size;
  };
}

/** Cosines and sines of `steps` steps of half a turn, clockwise. */
interface Turns {
  cosines: Float64Array;
  sines: Float64Array;
}

const turnsOf = (steps: number): Turns => ({
  cosines: Float64Array.from({ length: steps }, (_, k) => Math.cos((Math.PI * k) / steps)),
  sines: Float64Array.from({ length: steps }, (_, k) => -Math.sin((Math.PI * k) / steps)),
});

/** Fourier transform in place of values in bit-reversed order; the tables have as many steps of half a turn as there are values. */
function transform(re: Float64Array, im: Float64Array, { cosines, sines }: Turns): void {
  const size = re.length;
  for (let half = 1; half < size; half *= 2) {
    const stride = size / half;
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [a, b] = [start + k, start + k + half];
        const [c, s] = [cosines[k * stride], sines[k * stride]];
        const x = re[b] * c - im[b] * s;
        const y = re[b] * s + im[b] * c;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

function bitReversed(size: number): Int32Array {
  const places = new Int32Array(size);
  for (let i = 1; i < size; i++) places[i] = (places[i >> 1] >> 1) | (i & 1 ? size >> 1 : 0);
  return places;
}
