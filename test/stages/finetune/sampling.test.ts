import test from 'ava';
import { cropLadder, labelledBatch } from '../../../src/stages/finetune/sampling.js';
import { close } from '../../helpers/close.js';

const LABELS = Int32Array.of(3, 0, 2, 1, 0, 3, 2, 1);
const utterances = Int32Array.of(4, 1, 0, 5, 2, 6, 3, 7);

test('a speaker at another speed is another class, by seed and step', (t) => {
  const classes = { speakers: 4, speeds: [1, 0.9, 1.1], seed: 1, run: 1 };
  const seen = new Set<number>();
  for (let step = 0; step < 10; step++) {
    const { labels, speed } = labelledBatch({ utterances, step }, LABELS, classes);
    for (const [place, utterance] of utterances.entries()) t.is(labels[place], LABELS[utterance] + 4 * speed![place]);
    t.deepEqual(labelledBatch({ utterances, step }, LABELS, classes), { labels, speed });
    for (const index of speed!) seen.add(index);
  }
  t.deepEqual([...seen].sort(), [0, 1, 2]);
  t.deepEqual(labelledBatch({ utterances, step: 0 }, LABELS, { ...classes, speeds: [1] }), {
    labels: Int32Array.of(0, 0, 3, 3, 2, 2, 1, 1),
  });
});

test('utterances of one speaker that come together share a speed, and so a class', (t) => {
  const classes = { speakers: 4, speeds: [1, 0.9, 1.1], seed: 1, run: 2 };
  let mixed = 0;
  for (let step = 0; step < 10; step++) {
    const { labels, speed } = labelledBatch({ utterances, step }, LABELS, classes);
    for (let place = 0; place < 8; place += 2) t.is(labels[place], labels[place + 1]);
    mixed += Number(new Set(speed).size > 1);
  }
  t.true(mixed > 5);
});

test('crop lengths by equal ratios', (t) => {
  close(t, cropLadder({ cropSeconds: 4, sampling: { kind: 'length-buckets', shortestSeconds: 1 } }), [1, 2, 4], 1e-12);
  const four = cropLadder({ cropSeconds: 3, sampling: { kind: 'length-buckets', lengths: 2 } });
  close(t, four, [1, 3], 1e-12);
});
