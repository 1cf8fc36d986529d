import test from 'ava';
import { fbankOptions } from '../../../src/audio/features/fbank-options.js';
import { hostFbank } from '../../../src/audio/features/host-fbank.js';
import { hostMfcc } from '../../../src/audio/features/host-mfcc.js';
import { planPowerSpectrum } from '../../../src/audio/features/real-fft.js';
import { periodicity } from '../../../src/audio/speech/periodicity.js';
import { vadOptions, voiceActivity } from '../../../src/audio/speech/vad.js';
import { createRng } from '../../../src/random.js';
import { close } from '../../helpers/close.js';
import { hiss, sequence, talk } from '../../helpers/corpora/talk.js';
import { naiveFbank } from '../../helpers/oracles/naive-fbank.js';

const OPTIONS = vadOptions.parse({});
const shareOf = (active: Uint8Array) => active.reduce((sum, on) => sum + on, 0) / active.length;

test('the power spectrum is that of a direct Fourier sum', (t) => {
  for (const size of [4, 64]) {
    const rng = createRng(size);
    const frame = Float64Array.from({ length: size }, () => rng.normal());
    const power = new Float64Array(size / 2 + 1);
    planPowerSpectrum(size)(frame, power);
    const direct = power.map((_, k) => {
      const part = (of: (x: number) => number) =>
        frame.reduce((sum, x, n) => sum + x * of((2 * Math.PI * k * n) / size), 0);
      return part(Math.cos) ** 2 + part(Math.sin) ** 2;
    });
    close(t, power, direct, 1e-9);
  }
});

test('features on the host are those of the plain definition', (t) => {
  const samples = sequence(talk(1, 0.2));
  const scaled = samples.map((value) => value * 32768);
  for (const given of [
    { bins: 24 },
    { bins: 80, window: 'povey' },
    { bins: 10, preEmphasis: 0, removeDcOffset: false },
  ]) {
    const options = fbankOptions.parse(given);
    close(t, hostFbank(samples, options), naiveFbank(scaled, options).flat(), 1e-4);
  }
  t.is(hostFbank(new Float32Array(399), fbankOptions.parse({})).length, 0);
});

test('cepstra are the cosine transform of log energies', (t) => {
  const samples = sequence(talk(0, 0.1));
  const energies = hostFbank(samples, fbankOptions.parse({ bins: 30, lowHz: 100, highHz: 7000 }));
  const first = Array.from({ length: 8 }, (_, k) => {
    const terms = Array.from({ length: 30 }, (_, m) => energies[m] * Math.cos((Math.PI * (k + 1) * (2 * m + 1)) / 60));
    return Math.sqrt(2 / 30) * terms.reduce((a, b) => a + b);
  });
  close(t, hostMfcc(samples, 8).subarray(0, 8), first, 1e-3);
});

test('a pulse train is periodic, noise is not', (t) => {
  const train = Float32Array.from({ length: 16000 }, (_, i) => (i % 128 < 4 ? 0.5 : 0));
  t.true(periodicity(train, 98).every((value) => value > 0.95));
  t.true(periodicity(hiss(1), 98).every((value) => value < 0.6));
  t.deepEqual([...periodicity(new Float32Array(100), 3)], [0, 0, 0]);
});

test('speech between pauses is found to within 0.15 s, at 20 and at 5 dB', (t) => {
  for (const level of [0.004, 0.02]) {
    const clean = sequence(hiss(2, 0), talk(0, 3), hiss(2, 0), talk(2, 2), hiss(1, 0));
    const noise = hiss(10, level, 7);
    const { active } = voiceActivity(
      clean.map((value, i) => value + noise[i]),
      { ...OPTIONS, switchCost: 20 },
    );
    const inside = (frame: number) => (frame > 215 && frame < 485) || (frame > 715 && frame < 885);
    const outside = (frame: number) => frame < 185 || (frame > 515 && frame < 685) || frame > 915;
    const share = (where: (frame: number) => boolean) => shareOf(active.filter((_, frame) => where(frame)));
    t.true(share(inside) > 0.9, `level ${level}: ${share(inside)}`);
    t.is(share(outside), 0, `level ${level}`);
  }
});

test('silence, noise, a hum, clicks and modulated noise are no speech', (t) => {
  const seconds = 6;
  const rng = createRng('noises');
  const at = (of: (seconds: number) => number) =>
    Float32Array.from({ length: seconds * 16000 }, (_, i) => of(i / 16000));
  const sounds = {
    zeros: at(() => 0),
    noise: hiss(seconds, 0.1),
    hum: at((s) => 0.1 * Math.sin(200 * Math.PI * s) + 0.003 * rng.normal()),
    clicks: at((s) => (s % 0.5 < 0.02 ? 0.5 : 0.001) * rng.normal()),
    surf: at((s) => 0.1 * (0.1 + Math.abs(Math.sin(4 * s))) * rng.normal()),
  };
  for (const [name, samples] of Object.entries(sounds)) t.is(shareOf(voiceActivity(samples, OPTIONS).active), 0, name);
});

test('less than a frame gives no frames', (t) => {
  t.is(voiceActivity(new Float32Array(0), OPTIONS).active.length, 0);
  t.is(voiceActivity(hiss(0.02), OPTIONS).active.length, 0);
  t.is(voiceActivity(hiss(0.03), OPTIONS).active.length, 1);
});
