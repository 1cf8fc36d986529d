import test from 'ava';
import { float32 } from '../../src/host-tensor.js';
import ge2e from '../../src/losses/ge2e.js';
import { close } from '../helpers/close.js';
import { ge2eLosses, scaledCosine, speakersOf } from '../helpers/oracles/speaker-losses.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { openLoss, plain, rows, SIZE } from '../helpers/training/open-loss.js';

const labels = Array.from({ length: 12 }, (_, i) => i);
const x = normalTensor([12, SIZE], 'x', 2);

for (const form of ['softmax', 'contrast'] as const)
  for (const each of [2, 3, 6]) {
    test(`the ${form} form with ${each} utterances a speaker agrees with the formula`, async (t) => {
      await withSession(async (session) => {
        const { run, load } = openLoss(session, ge2e, { form, utterancesPerSpeaker: each });
        const expected = (w: number, b: number) => ge2eLosses(speakersOf(rows(x), each), form, scaledCosine(w, b));
        close(t, plain((await run({ x, labels })).losses), expected(10, -5), 1e-5, 'as it starts');
        await load({ weight: float32([3], []), bias: float32([0.5], []) });
        close(t, plain((await run({ x, labels })).losses), expected(3, 0.5), 1e-5);
      });
    });
  }
