import test from 'ava';
import { type DiarizationError, diarizationError, errorRate } from '../../src/diarize/der.js';
import { diarize, diarizeOptions } from '../../src/diarize/diarize.js';
import type { Segment } from '../../src/diarize/segments.js';
import { UserError } from '../../src/errors.js';
import { hiss, sequence, spectrumExtractor, talk } from '../helpers/corpora/talk.js';

// Turns of three voices with pauses of 0.6 s.
const VOICES = [0, 1, 2, 0, 2, 1];
const SECONDS = 2.5;
const PAUSE = 0.6;
const conversation = sequence(
  ...VOICES.flatMap((voice, i) => [hiss(PAUSE, 0), talk(voice, SECONDS, i)]),
  hiss(PAUSE, 0),
);
const reference = VOICES.map((voice, i): Segment => {
  const startSeconds = PAUSE + i * (SECONDS + PAUSE);
  return { startSeconds, endSeconds: startSeconds + SECONDS, speaker: `voice ${voice}` };
});
const run = (samples: Float32Array, more: object = {}) =>
  diarize(samples, spectrumExtractor, diarizeOptions.parse(more));
const score = (segments: readonly Segment[]): DiarizationError =>
  diarizationError(reference, segments, { collarSeconds: 0.25, skipOverlap: false });
const speakers = (segments: readonly Segment[]) => new Set(segments.map(({ speaker }) => speaker)).size;

for (const algorithm of ['spectral', 'agglomerative'] as const) {
  test(`${algorithm}: three voices, known in number`, async (t) => {
    const found = await run(conversation, { algorithm, speakers: 3 });
    t.true(errorRate(score(found)) < 0.05, JSON.stringify(score(found)));
    t.is(found[0].speaker, 'speaker1');
    t.deepEqual(await run(conversation, { algorithm, speakers: 3 }), found);
  });
}

test('bounds hold', async (t) => {
  t.is(speakers(await run(conversation, { leastSpeakers: 2, mostSpeakers: 2 })), 2);
  const found = speakers(await run(conversation, { leastSpeakers: 2, mostSpeakers: 4 }));
  t.true(found >= 2 && found <= 4);
  await t.throwsAsync(() => run(conversation, { leastSpeakers: 3, mostSpeakers: 2 }), { instanceOf: UserError });
});

test('one voice of unknown number is one speaker', async (t) => {
  t.is(speakers(await run(sequence(hiss(0.5, 0), talk(1, 5), hiss(0.5, 0)))), 1);
});

test('two voices without a pause are parted near the change', async (t) => {
  const found = await run(sequence(hiss(0.5, 0), talk(0, 3), talk(2, 3), hiss(0.5, 0)), { speakers: 2 });
  t.is(found.length, 2);
  t.true(Math.abs(found[1].startSeconds - 3.5) < 0.4, JSON.stringify(found));
});

test('noise only, an empty recording and less than a frame are nobody', async (t) => {
  for (const samples of [hiss(5), new Float32Array(0), hiss(0.01)])
    t.deepEqual(await run(samples, { speakers: 2 }), []);
});

test('less than a window, and more speakers than windows', async (t) => {
  const short = await run(sequence(hiss(0.4, 0), talk(0, 0.7), hiss(0.4, 0)), { speakers: 4 });
  t.is(short.length, 1);
  t.true(short[0].endSeconds <= 1.5);
  const few = await run(sequence(hiss(0.4, 0), talk(0, 1.6), hiss(1, 0), talk(1, 1), hiss(0.4, 0)), { speakers: 9 });
  t.true(speakers(few) <= 3 && few.length > 0);
});
