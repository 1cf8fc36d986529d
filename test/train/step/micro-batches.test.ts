import test from 'ava';
import fc from 'fast-check';
import { UserError } from '../../../src/errors.js';
import { batchCut, checkMicroBatches, microBatches } from '../../../src/train/step/micro-batches.js';

test('every crop of an utterance goes to the part of its utterance', (t) => {
  const shape = fc.record({
    crops: fc.integer({ min: 1, max: 4 }),
    part: fc.integer({ min: 2, max: 5 }),
    count: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(shape, ({ crops, part, count, width }) => {
      const batch = part * count;
      // Each sample says whose it is: crop, utterance and place.
      const mark = (crop: number, utterance: number, at: number) => (crop * batch + utterance) * width + at;
      const rows = Int16Array.from({ length: crops * batch * width }, (_, i) => i);
      const parts = microBatches(rows, crops, batch, batchCut(count));
      t.is(parts.length, count);
      for (const [i, own] of parts.entries()) {
        for (let crop = 0; crop < crops; crop++) {
          for (let k = 0; k < part; k++) {
            for (let at = 0; at < width; at++) {
              if (own[(crop * part + k) * width + at] !== mark(crop, i * part + k, at)) return false;
            }
          }
        }
      }
      return true;
    }),
    { seed: 1 },
  );
});

test('parts are equal and hold two utterances at least', (t) => {
  t.notThrows(() => checkMicroBatches(8, 4));
  t.throws(() => checkMicroBatches(8, 3), { instanceOf: UserError, message: /accumulate: 3 .*batchSize: 8/ });
  t.throws(() => checkMicroBatches(8, 8), { instanceOf: UserError, message: /two utterances/ });
});
