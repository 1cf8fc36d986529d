import test from 'ava';
import { planRealTransform } from '../../../src/audio/features/real-fft.js';
import { STFT_BINS, STFT_HOP, STFT_WINDOW } from '../../../src/audio/stft/framing.js';
import { newFrame, planHostStft } from '../../../src/audio/stft/host-stft.js';
import { stft } from '../../../src/audio/stft/stft.js';
import type { Tensor } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { close } from '../../helpers/close.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

/** The sum of the definition, of one frame. */
function naiveSpectrum(frame: ArrayLike<number>): { re: number[]; im: number[] } {
  const size = frame.length;
  const part = (turn: (angle: number) => number) =>
    Array.from({ length: size / 2 + 1 }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += frame[i] * turn((2 * Math.PI * k * i) / size);
      return sum;
    });
  return { re: part(Math.cos), im: part((angle) => -Math.sin(angle)) };
}

test('the transform of real rows and its inverse', (t) => {
  for (const size of [4, 16, 64]) {
    const frame = Float64Array.from(normals(size, size));
    const [re, im, back] = [new Float64Array(size / 2 + 1), new Float64Array(size / 2 + 1), new Float64Array(size)];
    const { forward, inverse } = planRealTransform(size);
    forward(frame, re, im);
    const expected = naiveSpectrum(frame);
    close(t, re, expected.re, 1e-10, 'real parts');
    close(t, im, expected.im, 1e-10, 'imaginary parts');
    inverse(re, im, back);
    close(t, back, frame, 1e-12, 'there and back');
  }
});

test('the frames of a signal give it back, whatever its length', (t) => {
  const { frames, analyse, add } = planHostStft();
  for (const length of [1, STFT_HOP, 700, 3 * STFT_WINDOW]) {
    const samples = normals(length, length);
    const [spectrum, back] = [newFrame(), new Float32Array(length)];
    for (let frame = 0; frame < frames(length); frame++) {
      analyse(samples, frame, spectrum);
      add(spectrum, frame, back);
    }
    close(t, back, samples, 1e-6, `${length} samples`);
  }
});

test('spectra in the graph are those of windowed frames, and the host has the same', async (t) => {
  const samples = normals(3 * STFT_HOP + 10, 'wave');
  const { y } = await withSession((session) => {
    const run = session.compile('run', ({ wave }: Record<string, Tensor>) => ({ y: stft(wave) }));
    return run({ wave: float32(samples, [1, samples.length]) });
  });
  t.deepEqual(y.shape, [1, 2, STFT_BINS, 2]);
  const values = y.data as Float32Array;
  for (const frame of [0, 1]) {
    // A root of a Hann window, written as one.
    const windowed = Array.from(
      samples.subarray(frame * STFT_HOP, frame * STFT_HOP + STFT_WINDOW),
      (value, i) => value * Math.sqrt(0.5 - 0.5 * Math.cos((2 * Math.PI * i) / STFT_WINDOW)),
    );
    const { re, im } = naiveSpectrum(windowed);
    const part = (offset: number) => re.map((_, bin) => values[(frame * STFT_BINS + bin) * 2 + offset]);
    close(t, part(0), re, 1e-4, 'real parts');
    close(t, part(1), im, 1e-4, 'imaginary parts');
    const host = newFrame();
    planHostStft().analyse(samples, frame + 1, host);
    close(t, host.re, re, 1e-5, "the host's real parts");
    close(t, host.im, im, 1e-5, "the host's imaginary parts");
  }
});
