import test from 'ava';
import type { Utterances } from '../../../src/data/utterance-batches.js';
import { excerptsOf, inNoise, SNR_DB, throughChannels } from '../../../src/inspect/probing/heard-forms.js';
import { normals } from '../../helpers/random-values.js';

const RATE = 16000;
const tone = (hz: number, seconds: number, seed: string) =>
  Int16Array.from(
    normals(seconds * RATE, seed, 5),
    (noise, i) => 4000 * Math.sin((2 * Math.PI * hz * i) / RATE) + noise,
  );
const readAll = ({ samples, read }: Utterances, i: number) => {
  const pcm = new Int16Array(samples[i]);
  read(i, 0, pcm);
  return pcm;
};
const energy = (samples: ArrayLike<number>) => Array.from(samples).reduce((sum, value) => sum + value ** 2, 0);

test('noise is added at the ratio that is to be told, each as often', (t) => {
  const audio = Array.from({ length: 8 }, (_, i) => tone(300 + 50 * i, 0.5, `tone${i}`));
  const { utterances, kinds } = inNoise(audio, 1);
  t.deepEqual(Array.from(kinds).sort(), [0, 0, 1, 1, 2, 2, 3, 3]);
  audio.forEach((clean, i) => {
    const noisy = readAll(utterances, i);
    // The share of the noisy signal that is the clean one, by least squares: a peak at full scale makes all of it quieter.
    const scale = Array.from(clean).reduce((sum, value, k) => sum + value * noisy[k], 0) / energy(clean);
    const rest = Array.from(noisy, (value, k) => value - scale * clean[k]);
    const ratio = 10 * Math.log10((scale ** 2 * energy(clean)) / energy(rest));
    t.true(Math.abs(ratio - SNR_DB[kinds[i]]) < 1, `${ratio} dB for ${SNR_DB[kinds[i]]}`);
  });
});

test('utterances of one channel are changed alike, by seed', (t) => {
  const same = tone(900, 0.3, 'one');
  const { utterances, kinds } = throughChannels(Array(8).fill(same), 3);
  const level = (i: number) => energy(readAll(utterances, i));
  for (let i = 0; i < 8; i++)
    for (let k = 0; k < i; k++)
      if (kinds[i] === kinds[k]) t.true(Math.abs(level(i) / level(k) - 1) < 0.1, `${level(i)} and ${level(k)}`);
  const again = throughChannels(Array(8).fill(same), 3);
  t.deepEqual(readAll(again.utterances, 5), readAll(utterances, 5));
});

test('excerpts lie around loud frames, and their spectra tell what is said there', (t) => {
  const half = (hz: number, seed: string) => tone(hz, 0.5, seed);
  const silence = Int16Array.from(normals(RATE, 'silence', 3));
  const audio = [500, 500, 2500].map((hz, i) => joined(silence, half(hz, `part${i}`), silence));
  const { utterances, spectra, bins } = excerptsOf(audio, 2);
  const row = (i: number) => spectra.subarray(i * bins, (i + 1) * bins);
  const peak = (i: number) => row(i).indexOf(Math.max(...row(i)));
  for (const i of [0, 1, 2]) {
    t.is(utterances.samples[i], 0.4 * RATE);
    t.true(energy(readAll(utterances, i)) > 1e6, 'a part of the tone is heard');
  }
  t.true(Math.abs(peak(0) - peak(1)) <= 1 && peak(2) > peak(0) + 8, `bins ${[0, 1, 2].map(peak)}`);
});

function joined(...parts: Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
