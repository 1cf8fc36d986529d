import test from 'ava';
import fc from 'fast-check';
import { resample } from '../../../src/audio/decode/resample.js';

// 22255 and 44099 have more phases than the bank has rows.
const RATES_HZ = [8000, 11025, 12000, 22050, 22255, 44099, 24000, 32000, 44100, 48000, 96000, 192000];

function sine(frequencyHz: number, rateHz: number, samples: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => Math.sin((2 * Math.PI * frequencyHz * i) / rateHz));
}

/** The amplitude of the strongest component anywhere, from the energy; edges are left out. */
function rootMeanSquare(samples: Float32Array, margin: number): number {
  const middle = samples.subarray(margin, samples.length - margin);
  return Math.sqrt(middle.reduce((sum, value) => sum + value * value, 0) / middle.length);
}

for (const rateHz of RATES_HZ) {
  const lowerNyquistHz = Math.min(rateHz, 16000) / 2;
  const seconds = 0.25;

  test(`${rateHz} Hz: tones to 0.9 of the lower Nyquist frequency come out as the ideal sine`, (t) => {
    for (const share of [0.01, 0.3, 0.6, 0.85, 0.9]) {
      const frequencyHz = share * lowerNyquistHz;
      const output = resample(sine(frequencyHz, rateHz, Math.round(seconds * rateHz)), rateHz, 16000);
      const ideal = sine(frequencyHz, 16000, output.length);
      const margin = 600;
      const worst = ideal
        .subarray(margin, -margin)
        .reduce((largest, value, i) => Math.max(largest, Math.abs(value - output[margin + i])), 0);
      t.true(worst < 5e-4, `${frequencyHz} Hz: off by ${worst}`); // 0.1 dB would be 0.0115
    }
  });

  if (rateHz > 16000) {
    test(`${rateHz} Hz: tones above 8 kHz are at least 80 dB down`, (t) => {
      const top = rateHz / 2 - 100;
      for (const frequencyHz of [8000, 8050, 8500, 9000, 10000, 12000, 15900, 16000, 20000, 40000].filter(
        (f) => f < top,
      )) {
        const output = resample(sine(frequencyHz + 0.5, rateHz, Math.round(seconds * rateHz)), rateHz, 16000);
        const levelDb = 20 * Math.log10(rootMeanSquare(output, 600) * Math.SQRT2);
        t.true(levelDb < -80, `${frequencyHz} Hz: ${levelDb} dB`);
      }
    });
  }
}

test('images above the old Nyquist frequency are at least 80 dB down', (t) => {
  const output = resample(sine(1000, 8000, 4000), 8000, 16000);
  const ideal = sine(1000, 16000, output.length);
  const rest = output.map((value, i) => value - ideal[i]);
  t.true(20 * Math.log10(rootMeanSquare(rest, 600) * Math.SQRT2) < -80);
});

test('an impulse stays where it is, symmetrically', (t) => {
  const input = new Float32Array(4410);
  input[441 * 5] = 1;
  const output = resample(input, 44100, 16000);
  const at = 160 * 5;
  t.is(output.indexOf(Math.max(...output)), at);
  for (let i = 1; i < 200; i++) t.true(Math.abs(output[at + i] - output[at - i]) < 1e-7);
});

test('a constant stays a constant, away from the ends', (t) => {
  for (const rateHz of RATES_HZ) {
    const output = resample(new Float32Array(Math.round(rateHz / 5)).fill(0.25), rateHz, 16000);
    t.true(output.subarray(400, -400).every((value) => Math.abs(value - 0.25) < 1e-6));
  }
});

test('the length is that of the input, rounded up', (t) => {
  const rate = fc.integer({ min: 4000, max: 64000 });
  fc.assert(
    fc.property(fc.nat({ max: 500 }), rate, rate, (samples, fromHz, toHz) => {
      const output = resample(new Float32Array(samples).fill(1), fromHz, toHz);
      return output.length === Math.ceil((samples * toHz) / fromHz) && output.every(Number.isFinite);
    }),
    { numRuns: 20, seed: 1 },
  );
  t.pass();
});

test('equal rates give the input itself; impossible rates are refused', (t) => {
  const samples = Float32Array.of(1, 2, 3);
  t.is(resample(samples, 16000, 16000), samples);
  for (const rateHz of [0, -8000, 8000.5, Number.NaN])
    t.throws(() => resample(samples, rateHz, 16000), { message: /rates/ });
});
