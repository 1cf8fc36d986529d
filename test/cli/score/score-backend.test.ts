import { join } from 'node:path';
import test from 'ava';
import { chosenBackend, type ScoredModel } from '../../../src/cli/score/score-backend.js';
import { weightsIdentity } from '../../../src/embed/weights-identity.js';
import { UserError } from '../../../src/errors.js';
import { BACKEND_FILE, readBackend, writeBackend } from '../../../src/eval/backend/backend-file.js';
import { fitBackend } from '../../../src/eval/backend/fit-backend.js';
import { float32 } from '../../../src/host-tensor.js';
import { writeNpy } from '../../../src/io/npy.js';
import { readSafetensors, writeSafetensors } from '../../../src/io/safetensors.js';
import { fixturePath } from '../../eval/backend/fixture.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { smallFeatures } from '../../helpers/training/small-training.js';

const SIZE = 5;
const vectors = Float32Array.from({ length: 24 * SIZE }, (_, i) => Math.sin(7 * i) + Math.floor(i / SIZE / 4));
const labels = Int32Array.from({ length: 24 }, (_, i) => Math.floor(i / 4));

/** A model of one weight. */
function modelOf({ size = SIZE, mean = null as ScoredModel['mean'], origin = 'one', weight = 1 } = {}): ScoredModel {
  const backbone = { name: 'tdnn', options: {} };
  const info = { format: 'voxloop-model-1', origin, backbone, features: smallFeatures, embeddingSize: size } as const;
  const weights = { kernel: float32(Float32Array.of(weight)) };
  return { info, mean, weightsIdentity: () => weightsIdentity({ info, weights }) };
}

test('parts given one by one make a chain; without any, it is the mean-subtracted cosine', (t) => {
  const dir = temporaryFolder(t);
  const cohort = join(dir, 'cohort.npy');
  writeNpy(cohort, [24, SIZE], vectors);
  const trained = Float32Array.of(1, 2, 3, 4, 5);
  const model = modelOf({ mean: trained });
  t.deepEqual(chosenBackend({}, model).steps, [{ kind: 'affine', mean: Float64Array.from(trained), matrix: null }]);
  t.deepEqual(chosenBackend({ raw: true }, model).steps, []);
  const found = chosenBackend({ norm: 'as-norm', cohort, mean: cohort, plda: fixturePath('text.plda') }, model);
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
  t.is(chosenBackend({ backend: dir }, modelOf()).norm?.top, 4);
  const refuse = (options: object, message: RegExp) =>
    t.throws(() => chosenBackend({ backend: dir, ...options }, modelOf()), { instanceOf: UserError, message });
  refuse(
    { top: 3 },
    /learned from cosine scores with as-norm \(top 4\), and these are cosine scores with as-norm \(top 3\)/,
  );
  refuse({ cohort: false }, /one-to-one rule/);
  refuse({ raw: true }, /brings its own mean/);
  t.throws(() => chosenBackend({ backend: dir }, modelOf({ size: 7 })), {
    message: /embeddings of 5 dimensions.*have 7/,
  });
});

test('a back-end of another model is refused, naming both; one that does not know its model is not checked', (t) => {
  const dir = temporaryFolder(t);
  const recipe = { subtractMean: true, whiten: false };
  const model = modelOf().weightsIdentity();
  writeBackend(dir, fitBackend({ vectors, size: SIZE, labels, seed: 1, model }, recipe).backend);
  t.deepEqual(readBackend(dir).model, model);
  // The weights decide, neither the mean of whichever corpus nor a name.
  t.notThrows(() => chosenBackend({ backend: dir }, modelOf({ mean: new Float32Array(SIZE), origin: 'renamed' })));
  const other = modelOf({ origin: 'two', weight: 1.5 });
  t.throws(() => chosenBackend({ backend: dir }, other), {
    instanceOf: UserError,
    message: /^The back-end in .* belongs to the model 'one \(tdnn, 5\)' with digest .* this is 'two \(tdnn, 5\)' with/,
  });
  t.throws(() => chosenBackend({ backend: dir, plda: fixturePath('text.plda') }, other), { message: /belongs to/ });
  t.notThrows(() => chosenBackend({ plda: fixturePath('text.plda') }, other));

  const { tensors, metadata } = readSafetensors(join(dir, BACKEND_FILE));
  const { model: _, ...earlier } = JSON.parse(metadata.voxloop);
  writeSafetensors(join(dir, BACKEND_FILE), tensors, { voxloop: JSON.stringify(earlier) });
  t.is(chosenBackend({ backend: dir }, other).model, null);
});

test('what is missing or does not fit is refused before anything is embedded', (t) => {
  const dir = temporaryFolder(t);
  const narrow = join(dir, 'narrow.npy');
  writeNpy(narrow, [2, 3], new Float32Array(6));
  const refuse = (options: object, message: RegExp) =>
    t.throws(() => chosenBackend(options, modelOf()), { instanceOf: UserError, message });
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
  t.throws(() => chosenBackend({ plda: fixturePath('text.plda') }, modelOf({ size: 4 })), {
    message: /PLDA of 5 dimensions.*have 4/,
  });
});
