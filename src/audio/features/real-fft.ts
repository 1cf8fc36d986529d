/**
 * Fills `power` [size / 2 + 1] with the squared magnitudes of the spectrum of `frame` [size], on the host: for what runs in worker threads, without
 * the tensor library.
 */
export type PowerSpectrum = (frame: Float64Array, power: Float64Array) => void;

/** Plans a power spectrum of `size` samples, a power of two of at least 4: an in-place radix-2 transform (Cooley and Tukey, "An algorithm for the
 * machine calculation of complex Fourier series", Mathematics of Computation 1965). */
export function planPowerSpectrum(size: number): PowerSpectrum {
  const places = bitReversed(size);
  const cosines = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sines = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  return (frame, power) => {
    for (let i = 0; i < size; i++) re[i] = frame[places[i]];
    im.fill(0);
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
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
    for (let k = 0; k <= size / 2; k++) power[k] = re[k] * re[k] + im[k] * im[k];
  };
}

function bitReversed(size: number): Int32Array {
  const places = new Int32Array(size);
  for (let i = 1; i < size; i++) places[i] = (places[i >> 1] >> 1) | (i & 1 ? size >> 1 : 0);
  return places;
}
