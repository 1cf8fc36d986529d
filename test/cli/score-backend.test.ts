import { join } from 'node:path';
import test from 'ava';
import { chosenBackend } from '../../src/cli/score-backend.js';
import { UserError } from '../../src/errors.js';
import { writeBackend } from '../../src/eval/backend/backend-file.js';
import { fitBackend } from '../../src/eval/backend/fit-backend.js';
import { writeNpy } from '../../src/io/npy.js';
import { fixturePath } from '../eval/backend/fixture.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const SIZE = 5;
const vectors = Float32Array.from({ length: 24 * SIZE }, (_, i) => Math.sin(7 * i) + Math.floor(i / SIZE / 4));
const labels = Int32Array.from({ length: 24 }, (_, i) => Math.floor(i / 4));

test('parts given one by one make a chain; without any, it is the mean-subtracted cosine', (t) => {
  const dir = temporaryFolder(t);
  const cohort = join(dir, 'cohort.npy');
  writeNpy(cohort, [24, SIZE], vectors);
  const trained = Float32Array.of(1, 2, 3, 4, 5);
  t.deepEqual(chosenBackend({}, SIZE, trained).steps, [
    { kind: 'affine', mean: Float64Array.from(trained), matrix: null },
  ]);
  t.deepEqual(chosenBackend({ raw: true }, SIZE, trained).steps, []);
  const found = chosenBackend({ norm: 'as-norm', cohort, mean: cohort, plda: fixturePath('text.plda') }, SIZE, trained);
  t.deepEqual(found.norm, { kind: 'as-norm', top: 300 });
  t.deepEqual(found.cohort, vectors);
  t.is(found.plda?.scoring.lengthNorm, 'kaldi');
  t.not(found.steps[0].kind === 'affine' && found.steps[0].mean[0], 1);
});

test('parts replace those of a whole back-end', (t) => {
  const dir = temporaryFolder(t);
  const calibrate = { measures: ['cohort-means'] as const, trials: 40, ridge: 1e-4 };
  const recipe = { subtractMean: true, whiten: false, norm: { kind: 'as-norm', top: 4 } as const, calibrate };
  writeBackend(dir, fitBackend({ vectors, size: SIZE, labels, seed: 1 }, recipe).backend);
  t.is(chosenBackend({ backend: dir }, SIZE, null).norm?.top, 4);
  const refuse = (options: object, message: RegExp) =>
    t.throws(() => chosenBackend({ backend: dir, ...options }, SIZE, null), { instanceOf: UserError, message });
  refuse(
    { top: 3 },
    /learned from cosine scores with as-norm \(top 4\), and these are cosine scores with as-norm \(top 3\)/,
  );
  refuse({ cohort: false }, /one-to-one rule/);
  refuse({ raw: true }, /brings its own mean/);
  t.throws(() => chosenBackend({ backend: dir }, 7, null), { message: /embeddings of 5 dimensions.*have 7/ });
});

test('what is missing or does not fit is refused before anything is embedded', (t) => {
  const dir = temporaryFolder(t);
  const narrow = join(dir, 'narrow.npy');
  writeNpy(narrow, [2, 3], new Float32Array(6));
  const refuse = (options: object, message: RegExp) =>
    t.throws(() => chosenBackend(options, SIZE, null), { instanceOf: UserError, message });
  refuse({ norm: 's-norm' }, /No cohort is given for s-norm/);
  refuse({ norm: 's-norm', cohort: false }, /one-to-one rule/);
  refuse({ cohort: narrow }, /must hold float32 embeddings of 5/);
  const cohort = join(dir, 'cohort.npy');
  writeNpy(cohort, [24, SIZE], vectors);
  refuse({ cohort }, /--cohort goes with --norm/);
  refuse({ norm: 's-norm', top: 3 }, /--top goes with as-norm/);
  refuse({ raw: true, mean: narrow }, /either --raw or --mean/);
  refuse({ norm: 'as-norm', cohort: narrow }, /embeddings of 5 dimensions; it holds an array of shape \[2,3\]/);
  refuse({ backend: dir }, /backend\.safetensors does not exist/);
  t.throws(() => chosenBackend({ plda: fixturePath('text.plda') }, 4, null), {
    message: /PLDA of 5 dimensions.*have 4/,
  });
});
