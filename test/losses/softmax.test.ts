import test from 'ava';
import softmax from '../../src/losses/softmax.js';
import { close } from '../helpers/close.js';
import { softmaxLosses } from '../helpers/oracles/class-losses.js';
import { transposed } from '../helpers/oracles/losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { CLASSES, openLoss, plain, rows, SIZE } from '../helpers/training/open-loss.js';

test('softmax agrees with the formula; its scores are the logits', async (t) => {
  await withSession(async (session) => {
    const { head, load, run } = openLoss(session, softmax);
    t.deepEqual(head.prototypes!.shape, [SIZE, CLASSES]);
    const prototypes = normalTensor([SIZE, CLASSES], 'prototypes', 2);
    const bias = normalTensor([CLASSES], 'bias', 2);
    await load({ prototypes, bias });
    const x = normalTensor([12, SIZE], 'x', 2);
    const labels = Array.from({ length: 12 }, (_, i) => (i * 3) % CLASSES);
    const { losses, scores } = await run({ x, labels });
    const expected = softmaxLosses(rows(x), transposed(rows(prototypes)), [...plain(bias)], labels);
    close(t, plain(losses), expected, 1e-5);
    // A loss that is made of the scores alone.
    const fromScores = softmaxLosses(rows(scores), identity(CLASSES), Array(CLASSES).fill(0), labels);
    close(t, fromScores, expected, 1e-5);
  });
});

const identity = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));
