import test from 'ava';
import { float32 } from '../../src/host-tensor.js';
import angularPrototypical from '../../src/losses/angular-prototypical.js';
import prototypical from '../../src/losses/prototypical.js';
import { close } from '../helpers/close.js';
import {
  minusSquaredDistance,
  prototypicalLosses,
  scaledCosine,
  speakersOf,
} from '../helpers/oracles/speaker-losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { matrix, openLoss, plain, rows, SIZE } from '../helpers/training/open-loss.js';

const labels = Array.from({ length: 12 }, (_, i) => i);
const x = normalTensor([12, SIZE], 'x', 2);
/** Every utterance has its speaker's loss. */
const repeated = (losses: number[], each: number) => losses.flatMap((loss) => Array<number>(each).fill(loss));

for (const each of [2, 3, 4]) {
  test(`prototypical loss of ${each} utterances a speaker agrees with the formula`, async (t) => {
    await withSession(async (session) => {
      const { run } = openLoss(session, prototypical, { utterancesPerSpeaker: each });
      const expected = prototypicalLosses(speakersOf(rows(x), each), minusSquaredDistance);
      close(t, plain((await run({ x, labels })).losses), repeated(expected, each), 1e-5);
      // Far from the origin, distances are the same.
      const far = matrix(rows(x).map((row) => row.map((value) => value + 100)));
      const farther = prototypicalLosses(speakersOf(rows(far), each), minusSquaredDistance);
      close(t, plain((await run({ x: far, labels })).losses), repeated(farther, each), 1e-4);
    });
  });

  test(`angular prototypical loss of ${each} utterances a speaker agrees with the formula`, async (t) => {
    await withSession(async (session) => {
      const { run, load } = openLoss(session, angularPrototypical, { utterancesPerSpeaker: each });
      const expected = (w: number) => repeated(prototypicalLosses(speakersOf(rows(x), each), scaledCosine(w, 3)), each);
      close(t, plain((await run({ x, labels })).losses), expected(10), 1e-5, 'w starts at 10');
      await load({ weight: float32([4], []), bias: float32([3], []) });
      close(t, plain((await run({ x, labels })).losses), expected(4), 1e-5);
      await load({ weight: float32([-2], []) });
      close(t, plain((await run({ x, labels })).losses), expected(1e-6), 1e-5, 'w stays above 0');
    });
  });
}
