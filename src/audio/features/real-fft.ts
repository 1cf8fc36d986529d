/**
 * Fills `power` [size / 2 + 1] with the squared magnitudes of the spectrum of `frame` [size], on the host: for what runs in worker threads, without
 * the tensor library.
 */
export type PowerSpectrum = (frame: Float64Array, power: Float64Array) => void;

/**
 * Plans a power spectrum of `size` samples, a power of two of at least 4: an in-place radix-2 transform (Cooley and Tukey, "An algorithm for the
 * machine calculation of complex Fourier series", Mathematics of Computation 1965) of half the size, over pairs of samples as complex numbers.
 */
export function planPowerSpectrum(size: number): PowerSpectrum {
  const half = size / 2;
  const places = bitReversed(half);
  const cosines = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sines = Float64Array.from({ length: half }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  const [re, im] = [new Float64Array(half), new Float64Array(half)];
  return (frame, power) => {
    for (let i = 0; i < half; i++) {
      re[i] = frame[2 * places[i]];
      im[i] = frame[2 * places[i] + 1];
    }
    transform(re, im, cosines, sines);
    // Spectra of the even and the odd samples are the symmetric parts of the transform of the pairs.
    for (let k = 0; k < half; k++) {
      const mirror = (half - k) % half;
      const [evenRe, evenIm] = [(re[k] + re[mirror]) / 2, (im[k] - im[mirror]) / 2];
      const [oddRe, oddIm] = [(im[k] + im[mirror]) / 2, (re[mirror] - re[k]) / 2];
      const [c, s] = [cosines[k], sines[k]];
      power[k] = (evenRe + oddRe * c - oddIm * s) ** 2 + (evenIm + oddRe * s + oddIm * c) ** 2;
    }
    power[half] = (re[0] - im[0]) ** 2;
  };
}

/** Fourier transform in place of values in bit-reversed order; the tables are of twice as many steps of a turn. */
function transform(re: Float64Array, im: Float64Array, cosines: Float64Array, sines: Float64Array): void {
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
