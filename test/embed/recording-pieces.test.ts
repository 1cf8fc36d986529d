import test from 'ava';
import fc from 'fast-check';
import { piecesOfLength } from '../../src/embed/recording-pieces.js';

test('a whole recording is one piece, whatever its length', (t) => {
  t.deepEqual(piecesOfLength(400), [{ start: 0, samples: 400 }]);
  t.deepEqual(piecesOfLength(200 * 16000), [{ start: 0, samples: 200 * 16000 }]);
});

test('windows are of one length; the last one ends with the recording', (t) => {
  const windows = { windowSeconds: 1, hopSeconds: 0.5 };
  const starts = (length: number) => piecesOfLength(length, windows).map(({ start }) => start);
  t.deepEqual(starts(32000), [0, 8000, 16000]);
  t.deepEqual(starts(32001), [0, 8000, 16000, 16001]);
  t.deepEqual(piecesOfLength(15999, windows), [{ start: 0, samples: 15999 }]);
  t.deepEqual(
    piecesOfLength(100_000, { windowSeconds: 1, hopSeconds: Number.POSITIVE_INFINITY }).map(({ start }) => start),
    [0, 84_000],
  );
});

test('with hops up to a window, every sample is in a window and no window leaves the recording', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0.1, max: 3, noNaN: true }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      (length, windowSeconds, share) => {
        const pieces = piecesOfLength(length, { windowSeconds, hopSeconds: share * windowSeconds });
        let covered = 0;
        for (const { start, samples } of pieces) {
          t.true(start <= covered && start + samples <= length && samples === pieces[0].samples);
          covered = start + samples;
        }
        t.is(covered, length);
      },
    ),
    { numRuns: 200, seed: 4 },
  );
});
