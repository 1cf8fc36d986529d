import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { decodeFile, loadMono16k } from '../../../src/audio/decode/decode.js';
import { UserError } from '../../../src/errors.js';
import { largestDifference, originalSignal, rawSamples, recording, signalToNoiseDb } from './recordings.js';

const signal = originalSignal();
const short = signal.subarray(1600, 3200);
const tone = Float32Array.from(
  { length: 8000 },
  (_, i) => Math.round(32767 * 0.25 * Math.sin((Math.PI * i) / 16)) / 32768,
);

/** Recordings that hold the original samples exactly. */
const LOSSLESS: Record<string, Float32Array> = {
  'signal.wav': signal,
  'pcm-24-extensible.wav': short,
  'pcm-32-extensible.wav': short,
  'float-32.wav': short,
  'float-64.wav': short,
  'rf64.wav': short,
  'big-endian-rifx.wav': short,
  'streamed-by-ffmpeg.wav': short,
  'streamed-by-sox.wav': short,
  'aiff.aiff': short,
  'aiff-24.aiff': short,
  'aiff-c-sowt.aifc': short,
  'aiff-c-little-24.aifc': short,
  'aiff-c-float.aifc': short,
  'au-16.au': short,
  'au-little-endian.au': short,
  'au-double.au': short,
  'sphere-16.sph': short,
  'sphere-big-endian.sph': short,
  'flac-16.flac': signal,
  'flac-in-ogg.oga': short,
};

for (const [name, expected] of Object.entries(LOSSLESS)) {
  test(`${name} gives the original samples`, async (t) => {
    const { sampleRateHz, channels } = await decodeFile(recording(name));
    t.is(sampleRateHz, 16000);
    t.is(channels.length, 1);
    t.deepEqual(channels[0], Float32Array.from(expected));
  });
}

/** Recordings by codecs whose decoding is exactly defined, with what another decoder made of them. */
const REFERENCES: Record<string, string> = {
  'a-law.wav': 'a-law-decoded.raw',
  'mu-law.wav': 'mu-law-decoded.raw',
  'g722.g722': 'g722-decoded.raw',
  'ima-adpcm.wav': 'ima-adpcm-decoded-start.raw',
  'microsoft-adpcm.wav': 'microsoft-adpcm-decoded.raw',
  'aiff-c-mu-law.aifc': 'aiff-c-mu-law-decoded.raw',
  'au-a-law.au': 'au-a-law-decoded.raw',
  'sphere-mu-law.sph': 'sphere-mu-law-decoded.raw',
};

for (const [name, reference] of Object.entries(REFERENCES)) {
  test(`${name} decodes bit for bit as another decoder does`, async (t) => {
    const { channels } = await decodeFile(recording(name));
    const expected = rawSamples(reference);
    t.deepEqual(channels[0].slice(0, expected.length), expected);
  });
}

/** ADPCM of two channels: what another decoder made of it, and the samples in a channel. */
const STEREO_ADPCM: [name: string, reference: string, samples: number][] = [
  ['ima-adpcm-stereo.wav', 'ima-adpcm-stereo-decoded-start.raw', 8000],
  ['microsoft-adpcm-stereo.wav', 'microsoft-adpcm-stereo-decoded.raw', 1600],
];

for (const [name, reference, samples] of STEREO_ADPCM) {
  test(`${name} decodes bit for bit, and ends where the fact chunk says`, async (t) => {
    const { channels } = await decodeFile(recording(name));
    const expected = rawSamples(reference);
    t.deepEqual(
      channels.map((channel) => channel.length),
      [samples, samples],
    );
    const compared = Math.min(samples, expected.length / 2);
    for (const c of [0, 1]) {
      t.deepEqual(channels[c].slice(0, compared), expected.filter((_, i) => i % 2 === c).slice(0, compared));
    }
  });
}

/** Lossy recordings: sampling rate, channels, samples, and the least signal-to-noise ratio against the original. */
const LOSSY: [name: string, sampleRateHz: number, channels: number, samples: number, leastDb: number][] = [
  ['pcm-8.wav', 16000, 1, 1600, 24],
  ['aiff-8.aiff', 16000, 1, 1600, 24],
  ['mp3.mp3', 16000, 1, 8000, 24],
  ['vorbis.ogg', 16000, 1, 8000, 25],
  ['opus.opus', 48000, 1, 24000, 16],
  ['opus-stereo.opus', 48000, 2, 24000, 12],
  ['mp3-stereo-44100.mp3', 44100, 2, 11025, 15],
  ['vorbis-stereo-44100.ogg', 44100, 2, 11025, 15],
  ['flac-24-stereo.flac', 16000, 2, 1600, 80],
];

for (const [name, sampleRateHz, channelCount, samples, leastDb] of LOSSY) {
  test(`${name} is the original, in time and at its rate`, async (t) => {
    const { sampleRateHz: rate, channels } = await decodeFile(recording(name));
    t.is(rate, sampleRateHz);
    t.deepEqual(
      channels.map((channel) => channel.length),
      Array(channelCount).fill(samples),
    );
    const mono = await loadMono16k(recording(name));
    const whole = mono.length === 1600 && channelCount === 1 ? short : signal.subarray(0, mono.length);
    const expected = channelCount === 1 ? whole : whole.map((value, i) => (value + tone[i]) / 2);
    const found = signalToNoiseDb(expected, mono, 60);
    t.true(found > leastDb, `${found} dB`);
  });
}

test('an MP3 file without a Xing header keeps its padding', async (t) => {
  const { channels } = await decodeFile(recording('mp3-bare.mp3'));
  const delaySamples = 1105; // the encoder's 576 and the decoder's 529
  const found = signalToNoiseDb(signal, channels[0].subarray(delaySamples), 60);
  t.true(found > 24, `${found} dB`);
});

test('an MP3 file of free format is refused by name, with what converts it', async (t) => {
  await t.throwsAsync(decodeFile(recording('free-format.mp3')), {
    instanceOf: UserError,
    message: /free-format\.mp3 is an MP3 file of free format: .* lame --decode/,
  });
});

test('layer II and MP3 inside WAV decode', async (t) => {
  // As many samples as ffmpeg finds.
  for (const [name, samples] of [
    ['layer-2.mp2', 2304],
    ['mp3-in-wav.wav', 2880],
  ] as const) {
    const { sampleRateHz, channels } = await decodeFile(recording(name));
    t.is(sampleRateHz, 16000);
    t.is(channels[0].length, samples);
    t.true(channels[0].some((value) => Math.abs(value) > 0.2));
  }
});

test('G.722 inside WAV is the same as raw G.722', async (t) => {
  const wrapped = (await decodeFile(recording('g722-in-wav.wav'))).channels[0];
  t.is(wrapped.length, 1600);
  const found = signalToNoiseDb(short, wrapped.subarray(22), 30);
  t.true(found > 30, `${found} dB`);
});

test('loadMono16k averages the channels', async (t) => {
  const { channels } = await decodeFile(recording('flac-24-stereo.flac'));
  const mono = await loadMono16k(recording('flac-24-stereo.flac'));
  const expected = channels[0].map((value, i) => (value + channels[1][i]) / 2);
  t.true(largestDifference(mono, expected) < 1e-7);
});

test('every decoder works in a worker thread', async (t) => {
  const module = new URL('../../../src/audio/decode/decode.js', import.meta.url).href;
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(async ({ decodeFile }) => {
      const lengths = [];
      for (const path of workerData.paths) lengths.push((await decodeFile(path)).channels[0].length);
      parentPort.postMessage(lengths);
    });`;
  const paths = ['flac-16.flac', 'vorbis.ogg', 'opus.opus', 'mp3.mp3', 'a-law.wav', 'g722.g722'].map(recording);
  const worker = new Worker(script, { eval: true, workerData: { module, paths } });
  const [lengths] = await once(worker, 'message');
  t.deepEqual(lengths, [8000, 8000, 24000, 8000, 1600, 8000]);
  await worker.terminate();
});
