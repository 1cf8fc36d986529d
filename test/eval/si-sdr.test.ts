import test from 'ava';
import { siSdr } from '../../src/eval/si-sdr.js';
import { dot, norm } from '../../src/rows.js';
import { normals } from '../helpers/random-values.js';

test('SI-SDR by hand: a signal of energy 25 and a distortion of energy 1 at right angles', (t) => {
  const signal = Float32Array.of(3, 4, 0, 0);
  t.true(Math.abs(siSdr(Float32Array.of(3, 4, 1, 0), signal) - 10 * Math.log10(25)) < 1e-9);
  t.is(siSdr(Float32Array.of(6, 8, 0, 0), signal), Infinity, 'the signal, louder');
  t.is(siSdr(Float32Array.of(0, 0, 0, 2), signal), -Infinity, 'nothing of it');
  t.throws(() => siSdr(signal, Float32Array.of(1)), { message: /4 samples for a signal of 1/ });
});

test('SI-SDR is a function of the cosine of estimate and signal alone, at any scale', (t) => {
  const signal = normals(500, 'signal');
  const estimate = normals(500, 'noise', 0.3).map((value, i) => value + 0.8 * signal[i]);
  const cosine = dot(signal, estimate) / norm(signal) / norm(estimate);
  const expected = 10 * Math.log10(cosine ** 2 / (1 - cosine ** 2));
  t.true(Math.abs(siSdr(estimate, signal) - expected) < 1e-4);
  const louder = siSdr(
    estimate.map((value) => -7 * value),
    signal,
  );
  t.true(Math.abs(louder - expected) < 1e-4);
});
