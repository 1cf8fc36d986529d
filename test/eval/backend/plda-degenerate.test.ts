import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { parseKaldiPlda } from '../../../src/eval/backend/plda-kaldi.js';
import { isSingular } from '../../../src/eval/backend/singular.js';

const plda = (transform: string, variances: string) =>
  parseKaldiPlda(Buffer.from(`<Plda>  [ 1 2 ]\n [\n${transform} ]\n [ ${variances} ]\n</Plda> `), 'x.plda');

test('a PLDA that could give no or equal scores only is refused with the reason', (t) => {
  t.is(plda('1 0\n0.5 2', '3 0').size, 2);
  for (const [transform, variances, message] of [
    ['1 0\n0.5 2', '0 0', /x\.plda cannot score: all its between-speaker variances are 0/],
    ['1 2\n2 4', '3 1', /x\.plda cannot score: its transform is singular/],
    ['0 0\n0 0', '3 1', /its transform is singular/],
    ['1 0\n0.5 nan', '3 1', /not finite/],
    ['1 0\n0.5 2', '3 -1', /negative variance/],
  ] as const)
    t.throws(() => plda(transform, variances), { instanceOf: UserError, message });
});

test('singular matrices are told from those that are only badly scaled, whatever the order of their rows', (t) => {
  t.false(isSingular(Float64Array.of(0, 1, 1, 0), 2));
  t.false(isSingular(Float64Array.of(1e-6, 0, 0, 1), 2));
  t.true(isSingular(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), 3));
  // A product of full-rank triangles has an inverse; one with a zero on a diagonal has none.
  const triangle = (diagonal: number[]) =>
    diagonal.flatMap((value, row) =>
      diagonal.map((_, column) => (column < row ? (row * 3 + column) % 5 : column === row ? value : 0)),
    );
  t.false(isSingular(Float64Array.from(triangle([3, 1, 2, 5])), 4));
  t.true(isSingular(Float64Array.from(triangle([3, 1, 0, 5])), 4));
});
