import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {
  addErrors,
  type DerOptions,
  type DiarizationError,
  diarizationError,
  errorRate,
} from '../../src/diarize/der.js';
import type { Segment } from '../../src/diarize/segments.js';

type Turn = [start: number, end: number, speaker: string];
interface Case {
  reference: Turn[];
  hypothesis: Turn[];
  scores: (DerOptions & DiarizationError)[];
}

const segments = (turns: readonly Turn[]): Segment[] =>
  turns.map(([startSeconds, endSeconds, speaker]) => ({ startSeconds, endSeconds, speaker }));
const PLAIN = { collarSeconds: 0, skipOverlap: false };
const PARTS = ['speech', 'missed', 'falseAlarm', 'confusion'] as const;

const fixture = new URL('../../../test/fixtures/diarize/der.json', import.meta.url);
for (const [i, { reference, hypothesis, scores }] of (JSON.parse(readFileSync(fixture, 'utf8')) as Case[]).entries()) {
  test(`case ${i}: as pyannote.metrics says`, (t) => {
    for (const { collarSeconds, skipOverlap, ...expected } of scores) {
      const found = diarizationError(segments(reference), segments(hypothesis), { collarSeconds, skipOverlap });
      for (const part of PARTS) {
        const message = `collar ${collarSeconds}, skip ${skipOverlap}, ${part}: ${found[part]}, not ${expected[part]}`;
        t.true(Math.abs(found[part] - expected[part]) < 1e-5, message);
      }
    }
  });
}

test('each kind of error by hand', (t) => {
  const reference: Turn[] = [
    [0, 10, 'a'],
    [8, 14, 'b'],
  ];
  const hypothesis: Turn[] = [
    [0, 9, 'x'],
    [9, 12, 'y'],
    [13, 15, 'x'],
  ];
  // Two speak from 8 to 10 and one is found; nobody is found from 12 to 13; 14 to 15 is nobody's; x speaks for b from 13 to 14.
  t.deepEqual(diarizationError(segments(reference), segments(hypothesis), PLAIN), {
    speech: 16,
    missed: 3,
    falseAlarm: 1,
    confusion: 1,
  });
  const skipped = diarizationError(segments(reference), segments(hypothesis), { collarSeconds: 0, skipOverlap: true });
  t.deepEqual(skipped, { speech: 12, missed: 1, falseAlarm: 1, confusion: 1 });
});

test('no reference, no hypothesis, a collar that swallows all', (t) => {
  const turns = segments([[1, 3, 'a']]);
  t.deepEqual(diarizationError([], [], PLAIN), { speech: 0, missed: 0, falseAlarm: 0, confusion: 0 });
  t.is(errorRate(diarizationError(turns, [], PLAIN)), 1);
  t.is(errorRate(diarizationError([], turns, PLAIN)), Number.POSITIVE_INFINITY);
  t.is(diarizationError(turns, turns, { collarSeconds: 1, skipOverlap: false }).speech, 0);
  t.deepEqual(addErrors([diarizationError(turns, [], PLAIN), diarizationError([], turns, PLAIN)]), {
    speech: 2,
    missed: 2,
    falseAlarm: 2,
    confusion: 0,
  });
});

const turn = fc
  .tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 80 }), fc.integer({ min: 0, max: 3 }))
  .map(([start, length, speaker]): Turn => [start / 10, (start + length) / 10, `s${speaker}`]);
const turnLists = fc.array(turn, { maxLength: 8 });

test('renamed speakers, split segments and another order change nothing; a recording scores itself without error', (t) => {
  const property = fc.property(turnLists, turnLists, fc.boolean(), (reference, hypothesis, skipOverlap) => {
    const options = { collarSeconds: 0.25, skipOverlap };
    const score = (turns: Turn[]) => diarizationError(segments(reference), segments(turns), options);
    const split = hypothesis.flatMap(([start, end, speaker]): Turn[] => [
      [(start + end) / 2, end, `renamed ${speaker}`],
      [start, (start + end) / 2, `renamed ${speaker}`],
    ]);
    const [one, other] = [score(hypothesis), score(split)];
    const self = score(reference);
    return (
      PARTS.every((part) => Math.abs(one[part] - other[part]) < 1e-9 && one[part] >= 0) &&
      self.missed + self.falseAlarm + self.confusion === 0 &&
      one.missed + one.confusion <= one.speech + 1e-9
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 6, numRuns: 300 }));
});
