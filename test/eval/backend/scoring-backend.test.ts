import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { readBackend, writeBackend } from '../../../src/eval/backend/backend-file.js';
import { type BackendRecipe, fitBackend } from '../../../src/eval/backend/fit-backend.js';
import { featureNames } from '../../../src/eval/backend/quality-measures.js';
import {
  type Backend,
  measureScores,
  scoresByPart,
  scoreWithBackend,
} from '../../../src/eval/backend/scoring-backend.js';
import { scoreTrials } from '../../../src/eval/cosine-scoring.js';
import { cllr } from '../../../src/eval/detection/cllr.js';
import { sortScores } from '../../../src/eval/detection/sorted-scores.js';
import { createRng } from '../../../src/random.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { distance } from './fixture.js';

const [SIZE, SPEAKERS, EACH] = [8, 50, 8];
const all = ['durations', 'magnitudes', 'cohort-means'] as const;
const full: BackendRecipe = {
  subtractMean: true,
  whiten: true,
  lda: 6,
  plda: { iterations: 3, sessions: 'count' },
  norm: { kind: 'as-norm', top: 8 },
  calibrate: { measures: all, trials: 2000, ridge: 1e-4 },
};
const cosine: BackendRecipe = { subtractMean: true, whiten: false };

/** Speakers around a mean, with sessions around them. */
function voices(seed: number) {
  const rng = createRng(seed);
  const labels = Int32Array.from({ length: SPEAKERS * EACH }, (_, i) => Math.floor(i / EACH));
  const speakers = Float32Array.from({ length: SPEAKERS * SIZE }, () => 1.3 * rng.normal());
  const vectors = Float32Array.from({ length: labels.length * SIZE }, (_, i) => {
    return 0.5 + speakers[labels[Math.floor(i / SIZE)] * SIZE + (i % SIZE)] + rng.normal();
  });
  return { vectors, size: SIZE, labels, seconds: Float64Array.from(labels, () => rng.uniform(2, 30)), seed };
}

/** Every pair of a third of the recordings. */
function trialsOf({ vectors, labels, seconds }: ReturnType<typeof voices>) {
  const rows = Array.from(labels.keys()).filter((row) => row % 4 === 0);
  return {
    trials: rows.flatMap((a) =>
      rows.filter((b) => b > a).map((b) => ({ enrolment: `${a}`, test: `${b}`, target: labels[a] === labels[b] })),
    ),
    embeddings: new Map(rows.map((row) => [`${row}`, vectors.subarray(row * SIZE, (row + 1) * SIZE)])),
    seconds: new Map(rows.map((row) => [`${row}`, seconds[row]])),
  };
}

const train = voices(1);
const input = trialsOf(voices(2));

test('a chain of the mean alone is mean-subtracted cosine scoring', (t) => {
  const { backend } = fitBackend(train, cosine);
  const mean = Float32Array.from((backend.steps[0] as { mean: Float64Array }).mean);
  t.deepEqual(scoreWithBackend(backend, input).plain, scoreTrials(input.embeddings, input.trials, { mean }));
});

test('each part of the chain is named; calibrated scores of strangers cost little more than the learned ones', (t) => {
  for (const recipe of [full, { ...cosine, calibrate: full.calibrate }]) {
    const { backend } = fitBackend(train, recipe);
    const parts = scoresByPart(backend, scoreWithBackend(backend, input));
    t.deepEqual(
      parts.map(([name]) => name),
      recipe === full ? ['plda', 'as-norm', 'calibrated'] : ['cosine', 'calibrated'],
    );
    const sorted = sortScores(
      parts.at(-1)![1],
      input.trials.map(({ target }) => target),
    );
    const cost = cllr(sorted);
    t.true(cost < 0.7, `Cllr ${cost}`);
    t.true(Math.abs(cost - backend.calibration!.cllr) < 0.2, `${cost} after ${backend.calibration!.cllr}`);
    t.true(backend.calibration!.features[0].weight > 0);
  }
});

test('features of a trial: score, then min, max, difference and ratio of each measure', (t) => {
  const { backend } = fitBackend(train, { ...cosine, norm: { kind: 'as-norm', top: 8 } });
  const { measures } = measureScores(backend, input, all);
  t.is(featureNames(all).length, 13);
  const [durations, magnitudes] = measures;
  const [first] = input.trials;
  t.is(durations.model[0], Math.min(20, input.seconds.get(first.enrolment)!));
  t.true(Math.abs(magnitudes.test[0] - Math.hypot(...input.embeddings.get(first.test)!)) < 1e-6);
  t.throws(() => measureScores(backend, { ...input, seconds: new Map() }, ['durations']), {
    instanceOf: UserError,
    message: /that of 0 is unknown/,
  });
});

test('adaptation moves the mean to the target domain', (t) => {
  const target = voices(3).vectors.map((value) => 4 + 2 * value);
  const plda = { iterations: 2, sessions: 'mean' } as const;
  const { backend } = fitBackend(train, { ...cosine, plda, adapt: { vectors: target } });
  const { mean } = backend.steps[0] as { mean: Float64Array };
  t.true(mean[0] > 3);
});

test('a back-end survives its folder', (t) => {
  const dir = temporaryFolder(t);
  for (const recipe of [full, cosine]) {
    const folder = join(dir, recipe === full ? 'full' : 'cosine');
    const { backend } = fitBackend(train, recipe);
    writeBackend(folder, backend);
    const scores = (of: Backend) => scoresByPart(of, scoreWithBackend(of, input)).at(-1)![1];
    t.true(distance(scores(readBackend(folder)), scores(backend)) < 1e-4);
  }
  t.throws(() => readBackend(dir), { instanceOf: UserError, message: /backend\.safetensors does not exist/ });
});

test('a calibration of other scores, a broken one, and embeddings of another size are refused', (t) => {
  const dir = temporaryFolder(t);
  const { backend } = fitBackend(train, { ...cosine, calibrate: full.calibrate });
  t.throws(() => scoreWithBackend({ ...backend, norm: full.norm! }, input), {
    instanceOf: UserError,
    message:
      /learned from cosine scores without score normalisation, and these are cosine scores with as-norm \(top 8\)/,
  });
  t.throws(() => scoreWithBackend({ ...backend, size: 7, cohort: null, calibration: null }, input), {
    message: /8 dimensions where 7/,
  });
  writeBackend(dir, backend);
  const path = join(dir, 'score-calibration.json');
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 50));
  t.throws(() => readBackend(dir), { instanceOf: UserError, message: /score-calibration\.json is not a calibration/ });
});

test('labels that say too little and vectors that are broken are errors of the user', (t) => {
  const fails = (data: Partial<typeof train>, recipe: BackendRecipe, message: RegExp) =>
    t.throws(() => fitBackend({ ...train, ...data }, recipe), { instanceOf: UserError, message });
  const one = train.labels.map(() => 0);
  fails({ labels: one }, { ...cosine, plda: full.plda }, /only one/);
  fails({ labels: one }, { ...cosine, calibrate: full.calibrate }, /one speaker only/);
  fails({ labels: one.fill(-1) }, cosine, /No utterance has a label/);
  fails({ vectors: train.vectors.slice().fill(Number.NaN, SIZE, 2 * SIZE) }, cosine, /Vector 1 .*not finite/);
});
