import { join } from 'node:path';
import test from 'ava';
import { resample } from '../../src/audio/decode/resample.js';
import { vadOptions } from '../../src/audio/speech/vad.js';
import type { Pcm } from '../../src/diarize/live/float-samples.js';
import { createStreamResampler } from '../../src/diarize/live/stream-resampler.js';
import { type HeardVoice, openVoiceStream, type VoiceStreamOptions } from '../../src/diarize/live/voice-stream.js';
import { speechSpans } from '../../src/diarize/speech-spans.js';
import { UserError } from '../../src/errors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { createRng } from '../../src/random.js';
import { joinRows } from '../../src/rows.js';
import { enrollSpeakers } from '../../src/speakers/enroll.js';
import { hiss, sequence, shapeModel, talk } from '../helpers/corpora/talk.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const model = shapeModel;
const talks: [voice: number, seconds: number][] = [
  [1, 2.4],
  [0, 2.2],
  [2, 0.9],
  [1, 2.5],
];
const call = sequence(...talks.flatMap(([voice, seconds], i) => [hiss(0.7, 0), talk(voice, seconds, i)]), hiss(0.7, 0));

const SETTINGS = { sampleRateHz: 16000, threshold: 0.95, leastSpeechSeconds: 1.5 };

/** What a stream gives for these chunks. */
async function hear(chunks: Iterable<Pcm>, options: Partial<VoiceStreamOptions> = {}): Promise<HeardVoice[]> {
  const stream = await openVoiceStream(model, { ...SETTINGS, ...options });
  const heard: HeardVoice[] = [];
  for (const chunk of chunks) heard.push(...(await stream.push(chunk)));
  return heard.concat(await stream.end());
}

/** Cuts sound into chunks of these lengths, again and again. */
function* chunksOf<T extends Pcm>(samples: T, ...lengths: number[]): Generator<T> {
  for (let at = 0, i = 0; at < samples.length; at += lengths[i++ % lengths.length])
    yield samples.subarray(at, at + lengths[i % lengths.length]) as T;
}

test('voices come out of a stream as they end, by name, by number, or with too little speech to tell', async (t) => {
  const dir = temporaryFolder(t);
  writeWav16(join(dir, 'anna.wav'), sequence(talk(0, 5, 9)), 16000);
  await enrollSpeakers(join(dir, 'store'), model, [{ speaker: 'anna', files: [join(dir, 'anna.wav')] }]);
  const stream = await openVoiceStream(model, { ...SETTINGS, store: join(dir, 'store') });
  const delays: number[] = [];
  const heard: HeardVoice[] = [];
  let seconds = 0;
  for (const chunk of chunksOf(call, 800)) {
    seconds += chunk.length / 16000;
    for (const voice of await stream.push(chunk)) {
      delays.push(seconds - voice.endSeconds);
      heard.push(voice);
    }
  }
  heard.push(...(await stream.end()));
  t.deepEqual(
    heard.map(({ speaker, enrolled }) => [speaker, enrolled]),
    [
      ['speaker1', false],
      ['anna', true],
      [null, false],
      ['speaker1', false],
    ],
  );
  t.deepEqual([heard[2].shortage?.leastSeconds, heard[3].shortage], [1.5, null]);
  t.true(heard[1].score! > 0.95 && heard[1].nearest?.speaker === 'anna' && heard[1].embedding.length === 24);
  t.true(delays.length >= 3 && Math.max(...delays) < 1.5, `late by ${delays} s`);
  let start = 0;
  for (const [i, [, length]] of talks.entries()) {
    start += 0.7;
    const { startSeconds, endSeconds, speechSeconds } = heard[i];
    t.true(
      Math.abs(startSeconds - start) < 0.15 && Math.abs(endSeconds - start - length) < 0.2,
      `${i}: ${startSeconds}`,
    );
    t.true(Math.abs(speechSeconds - length) < 0.3);
    start += length;
  }
});

test('the lengths of the chunks make no difference, at any rate', async (t) => {
  const whole = await hear([call]);
  t.is(whole.length, 4);
  t.deepEqual(await hear(chunksOf(call, 1, 4000, 333)), whole);
  t.deepEqual(await hear(chunksOf(call, 160)), whole);
  const fast = Int16Array.from(resample(call, 16000, 44100), (value) => Math.round(32768 * value));
  const options = { sampleRateHz: 44100 };
  const once = await hear([fast], options);
  t.deepEqual(await hear(chunksOf(fast, 882, 7, 20000), options), once);
  t.deepEqual(await hear([Float32Array.from(fast, (value) => value / 32768)], options), once);
  t.deepEqual(
    once.map(({ speaker }) => speaker),
    whole.map(({ speaker }) => speaker),
  );
});

test('a stream finds the stretches that are found in the whole recording', async (t) => {
  const vad = vadOptions.parse({});
  const spans = speechSpans(call, { ...vad, joinSeconds: 0.3, padSeconds: 0.05 });
  const heard = await hear(chunksOf(call, 1234));
  t.is(heard.length, spans.length);
  for (const [i, { startSeconds, endSeconds }] of spans.entries()) {
    t.true(Math.abs(heard[i].startSeconds - startSeconds) < 0.05, `${heard[i].startSeconds}, not ${startSeconds}`);
    t.true(Math.abs(heard[i].endSeconds - endSeconds) < 0.05);
  }
});

test('resampling in pieces gives every sample of resampling the whole', (t) => {
  const rng = createRng('pieces');
  const samples = Float32Array.from({ length: 30_001 }, () => rng.normal());
  for (const rateHz of [8000, 11_025, 16_000, 44_100, 48_000, 5003]) {
    for (const length of [17, 4801, 30_001]) {
      const resampler = createStreamResampler(rateHz);
      const parts = [...chunksOf(samples, length)].map((chunk) => resampler.push(chunk));
      t.deepEqual(joinRows([...parts, resampler.end()]), resample(samples, rateHz, 16000), `${rateHz} Hz by ${length}`);
    }
  }
});

test('long speech comes out in parts, and no sample of it twice', async (t) => {
  const heard = await hear(chunksOf(sequence(hiss(0.5, 0), talk(0, 5), hiss(0.5, 0)), 1600), { mostSeconds: 2 });
  t.deepEqual(
    heard.map(({ endSeconds, startSeconds }) => Math.round(endSeconds - startSeconds)),
    [2, 2, 1],
  );
  t.is(heard[1].startSeconds, heard[0].endSeconds);
  t.deepEqual(
    heard.map(({ speaker }) => speaker),
    ['speaker1', 'speaker1', null],
  );
});

test('chunks may be pushed before the ones before are done, and their memory used again', async (t) => {
  const stream = await openVoiceStream(model, SETTINGS);
  const pushed: Promise<HeardVoice[]>[] = [];
  const buffer = new Float32Array(4000);
  for (const chunk of chunksOf(call, buffer.length)) {
    buffer.set(chunk);
    pushed.push(stream.push(buffer.subarray(0, chunk.length)));
    buffer.fill(0);
  }
  pushed.push(stream.end());
  t.deepEqual((await Promise.all(pushed)).flat(), await hear([call]));
});

test('silence, nothing, and what cannot be heard', async (t) => {
  t.deepEqual(await hear([]), []);
  t.deepEqual(await hear([new Float32Array(10), new Int16Array(0)]), []);
  t.deepEqual(await hear(chunksOf(new Int16Array(80_000), 999)), []);
  t.deepEqual(await hear(chunksOf(hiss(4), 999)), []);
  const stream = await openVoiceStream(model, { sampleRateHz: 16000, leastSpeechSeconds: 1.5 });
  t.is(stream.threshold, null);
  const broken = Float32Array.from([0, Number.NaN]);
  await t.throwsAsync(stream.push(broken), { instanceOf: UserError, message: /Sample 1 of a chunk of sound is NaN/ });
  await t.throwsAsync(stream.push([0] as never), { message: /is a Float32Array in \[-1, 1\] or an Int16Array/ });
  const [first] = [...(await stream.push(call)), ...(await stream.end())];
  t.deepEqual(
    [first.speaker, first.nearest, first.shortage],
    [null, null, null],
    'without a threshold nothing is decided',
  );
  await t.throwsAsync(stream.push(call), { message: /has ended/ });
  await t.throwsAsync(stream.end(), { message: /has ended/ });
  await t.throwsAsync(openVoiceStream(model, { sampleRateHz: 100 }), {
    instanceOf: UserError,
    message: /sampleRateHz/,
  });
});
