import test from 'ava';
import { isOneVoice } from '../../src/diarize/one-voice.js';
import { windowsOf } from '../../src/diarize/speech-windows.js';
import { createRng } from '../../src/random.js';
import { norm, unitRows } from '../../src/rows.js';

const SIZE = 16;

/** Windows of 1.5 s over turns of 6 s with pauses, and a vector for each: its speaker's, and chance that lasts 0.75 s. */
function turns(speakers: readonly number[], offset: number) {
  const rng = createRng(`turns/${speakers.join()}`);
  const speech = speakers.map((_, turn) => ({ startSeconds: 7 * turn, endSeconds: 7 * turn + 6 }));
  const windows = windowsOf(speech, 1.5, 0.25);
  const voices = Array.from({ length: 3 * SIZE }, () => rng.normal());
  const chance = new Map<number, number[]>();
  const chanceAt = (slot: number) => {
    if (!chance.has(slot))
      chance.set(
        slot,
        Array.from({ length: SIZE }, () => rng.normal()),
      );
    return chance.get(slot)!;
  };
  const rows = windows.flatMap(({ startSeconds }) => {
    const speaker = speakers[Math.floor(startSeconds / 7)];
    const slots = [0, 1].map((half) => chanceAt(Math.floor(startSeconds / 0.75) + half));
    return slots[0].map((value, k) => offset + voices[speaker * SIZE + k] + value + slots[1][k]);
  });
  return { speech, windows, vectors: unitRows(Float32Array.from(rows), SIZE, norm) };
}

test('one voice is told from several that take turns, whatever all vectors have in common', (t) => {
  for (const offset of [0, 20]) {
    for (const [speakers, alone] of [
      [[0, 0, 0, 0, 0, 0], true],
      [[0], true],
      [[0, 1, 0, 1], false],
      [[0, 1, 2, 1, 0, 2], false],
    ] as const) {
      const { speech, windows, vectors } = turns(speakers, offset);
      t.is(isOneVoice(speech, windows, vectors), alone, `${speakers.join()} with ${offset}`);
    }
  }
});

test('too little speech is not said to be one voice', (t) => {
  const speech = [0, 3, 6, 9].map((startSeconds) => ({ startSeconds, endSeconds: startSeconds + 2 }));
  const windows = windowsOf(speech, 1.5, 0.25);
  const rng = createRng('short');
  const vectors = Float32Array.from({ length: windows.length * SIZE }, () => rng.normal());
  t.false(isOneVoice(speech, windows, unitRows(vectors, SIZE, norm)));
});
