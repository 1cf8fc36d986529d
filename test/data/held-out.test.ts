import test from 'ava';
import fc from 'fast-check';
import { heldOut } from '../../src/data/held-out.js';
import { UserError } from '../../src/errors.js';

test('a share of the utterances, each once, ascending, and the same for every caller with the seed', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5, max: 400 }),
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      fc.nat(),
      (count, share, seed) => {
        const chosen = heldOut(count, share, seed);
        t.is(chosen.length, Math.max(2, Math.round(share * count)));
        t.true(chosen.every((utterance, i) => utterance < count && (i === 0 || utterance > chosen[i - 1])));
        t.deepEqual(heldOut(count, share, seed), chosen);
      },
    ),
  );
});

test('another seed holds out others; every utterance may be held out', (t) => {
  const seen = new Set(Array.from({ length: 60 }, (_, seed) => [...heldOut(10, 0.2, seed)]).flat());
  t.is(seen.size, 10);
});

test('a share of 0 holds out nothing; too few utterances are an error that says so', (t) => {
  t.is(heldOut(1, 0, 1).length, 0);
  t.throws(() => heldOut(2, 0.5, 1), { instanceOf: UserError, message: /Of 2 utterances 2 would be held out/ });
});
