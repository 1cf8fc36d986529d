import test from 'ava';
import { frameCount, samplesFor } from '../../../src/audio/features/fbank.js';
import { type FeatureDefinition, featureDefinition, features } from '../../../src/audio/features/features.js';
import { float32, int32 } from '../../../src/host-tensor.js';
import { close } from '../../helpers/close.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const shared = { preEmphasis: 0, removeDcOffset: false, lowHz: 0, cmn: false };
const LIBROSA = featureDefinition.parse({ ...shared, frontEnd: 'librosa', window: 'hann', bins: 10 });
const SPEECHBRAIN = featureDefinition.parse({
  ...shared,
  frontEnd: 'speechbrain',
  bins: 10,
  energyFloor: 1e-10 * 2 ** 30,
});

const SSLSV = featureDefinition.parse({
  ...shared,
  frontEnd: 'sslsv',
  window: 'hann',
  bins: 10,
  energyFloor: 1e-6 * 2 ** 30,
  cmn: true,
});

/** The power of the spectrum of every frame of 400 samples, centred on every 160th sample, by a direct Fourier sum. */
function powers(wave: Float32Array, hann: boolean): number[][] {
  const weight = (i: number) =>
    hann ? Math.sin((Math.PI * i) / 400) ** 2 : 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / 400);
  return Array.from({ length: 1 + Math.floor(wave.length / 160) }, (_, frame) =>
    Array.from({ length: 201 }, (_, bin) => {
      let [re, im] = [0, 0];
      for (let i = 0; i < 400; i++) {
        const sample = (weight(i) * (wave[frame * 160 - 200 + i] ?? 0)) / 32768;
        re += sample * Math.cos((2 * Math.PI * bin * i) / 400);
        im -= sample * Math.sin((2 * Math.PI * bin * i) / 400);
      }
      return re ** 2 + im ** 2;
    }),
  );
}

/** Frequencies of `count` points of equal distance on a scale of pitch, from 0 to 8000 Hz. */
const spaced = (count: number, top: number, hz: (mel: number) => number) =>
  Array.from({ length: count }, (_, i) => hz((top * i) / (count - 1)));

/** librosa's default: 200/3 Hz a step up to 1000 Hz, and from there on 27 steps for a factor of 6.4; triangles of area 1. */
function slaneyPower(wave: Float32Array): number[][] {
  const top = 15 + (Math.log(8) * 27) / Math.log(6.4);
  const points = spaced(12, top, (mel) =>
    mel < 15 ? mel * (200 / 3) : 1000 * Math.exp(((mel - 15) * Math.log(6.4)) / 27),
  );
  return powers(wave, true).map((power) =>
    Array.from({ length: 10 }, (_, m) => {
      const [left, centre, right] = points.slice(m, m + 3);
      return power.reduce((sum, value, bin) => {
        const hz = 40 * bin;
        if (hz <= left || hz >= right) return sum;
        const height = hz <= centre ? (hz - left) / (centre - left) : (right - hz) / (right - centre);
        return sum + (value * height * 2) / (right - left);
      }, 0);
    }),
  );
}

/** SpeechBrain's: as wide above the centre as below; decibels of at least 1e-10, and of at most 80 below the largest of all. */
function cappedDecibels(wave: Float32Array): number[][] {
  const points = spaced(12, 2595 * Math.log10(1 + 8000 / 700), (mel) => 700 * (10 ** (mel / 2595) - 1));
  const decibels = powers(wave, false).map((power) =>
    Array.from({ length: 10 }, (_, m) => {
      const [left, centre] = points.slice(m, m + 2);
      const sum = power.reduce(
        (total, value, bin) => total + value * Math.max(0, 1 - Math.abs(40 * bin - centre) / (centre - left)),
        0,
      );
      return 10 * Math.log10(Math.max(sum, 1e-10));
    }),
  );
  const least = Math.max(...decibels.flat()) - 80;
  return decibels.map((row) => row.map((value) => Math.max(value, least)));
}

/** sslsv's: 512 points of a signal that is mirrored at its ends, logarithms with 1e-6 added, each bin of mean 0 and variance 1. */
function instanceNormalised(wave: Float32Array): number[][] {
  const at = (i: number) => wave[i < 0 ? -i : i < wave.length ? i : 2 * (wave.length - 1) - i];
  const points = spaced(12, 2595 * Math.log10(1 + 8000 / 700), (mel) => 700 * (10 ** (mel / 2595) - 1));
  const logs = Array.from({ length: 1 + Math.floor(wave.length / 160) }, (_, frame) => {
    const energies = new Array(10).fill(0);
    for (let bin = 0; bin <= 256; bin++) {
      let [re, im] = [0, 0];
      for (let i = 0; i < 400; i++) {
        const sample = (Math.sin((Math.PI * i) / 400) ** 2 * at(frame * 160 - 200 + i)) / 32768;
        re += sample * Math.cos((2 * Math.PI * bin * i) / 512);
        im -= sample * Math.sin((2 * Math.PI * bin * i) / 512);
      }
      energies.forEach((sum, m) => {
        const [left, centre, right] = points.slice(m, m + 3);
        const hz = 31.25 * bin;
        const height = Math.min((hz - left) / (centre - left), (right - hz) / (right - centre));
        energies[m] = sum + Math.max(0, height) * (re ** 2 + im ** 2);
      });
    }
    return energies.map((energy) => Math.log(energy + 1e-6));
  });
  const moments = logs[0].map((_, m) => {
    const mean = logs.reduce((sum, row) => sum + row[m], 0) / logs.length;
    const variance = logs.reduce((sum, row) => sum + (row[m] - mean) ** 2, 0) / logs.length;
    return { mean, deviation: Math.sqrt(variance + 1e-5) };
  });
  return logs.map((row) => row.map((value, m) => (value - moments[m].mean) / moments[m].deviation));
}

/** Noise that swells, between silences, with a whistle; on int16 scale. */
const sound = (samples: number) =>
  normals(samples, 'sound').map((value, i) =>
    i < 300 || i > samples - 500 ? 0 : value * 10 ** (4 * (i / samples)) + 300 * Math.sin(i * 0.4),
  );

/** Features of rows of their own lengths, padded to the longest. */
async function featuresOf(definition: FeatureDefinition, rows: Float32Array[]): Promise<Float32Array[]> {
  const samples = Math.max(...rows.map(({ length }) => length));
  const wave = new Float32Array(rows.length * samples);
  rows.forEach((row, i) => {
    wave.set(row, i * samples);
  });
  const counts = rows.map(({ length }) => frameCount(length, definition));
  return withSession(async (session) => {
    const run = session.compile('features', ({ wave, lengths }) => ({
      y: features(wave, definition, { name: 'x', dither: false, lengths }),
    }));
    const { y } = await run({ wave: float32(wave, [rows.length, samples]), lengths: int32(counts) });
    const [, frames, bins] = y.shape;
    return counts.map((count, i) => (y.data as Float32Array).subarray(i * frames * bins, (i * frames + count) * bins));
  });
}

test("librosa's mel spectrogram is power in Slaney's filters", async (t) => {
  const wave = sound(4100);
  const [values] = await featuresOf(LIBROSA, [wave]);
  const expected = slaneyPower(wave).flat();
  t.is(values.length, expected.length);
  const largest = Math.max(...expected);
  close(
    t,
    values.map((value) => value / largest),
    expected.map((value) => value / largest),
    1e-6,
  );
});

test("SpeechBrain's filter banks are decibels above a floor that the loudest sets, whatever a row is padded to", async (t) => {
  const [quiet, loud] = [sound(3000).map((value) => value / 50), sound(4100)];
  const [first, second] = await featuresOf(SPEECHBRAIN, [quiet, loud]);
  close(t, first, cappedDecibels(quiet).flat(), 1e-3);
  close(t, second, cappedDecibels(loud).flat(), 1e-3);
  const least = Math.min(...second);
  t.true(second.filter((value) => value < least + 1e-3).length > 10, 'some values lie on the floor');
});

test("sslsv's features have mean 0 and variance 1 in each bin, of a signal mirrored at its ends", async (t) => {
  const wave = sound(4100);
  const [values] = await featuresOf(SSLSV, [wave]);
  close(t, values, instanceNormalised(wave).flat(), 1e-3);
});

test('as many samples as frames need give so many frames, and one less gives fewer', (t) => {
  for (const frames of [2, 3, 160]) {
    t.is(frameCount(samplesFor(frames, LIBROSA), LIBROSA), frames);
    t.is(frameCount(samplesFor(frames, LIBROSA) - 1, LIBROSA), frames - 1);
  }
});
