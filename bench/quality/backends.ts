/**
 * The gain of each back-end on the embeddings of a finished run: cosine, mean subtraction, PLDA, score normalisation, calibration, learned
 * from pseudo-labels. The trials are of unheard speakers; nothing is learned from them.
 *
 *   node dist/bench/quality/backends.js --run runs/demo --embeddings loop-embeddings --clusters dino-clusters [--speakers] [--no-copies] [--seed 1]
 *
 * Augmented copies of the training utterances count where the embeddings have them (stage embed, `copies`), unless --no-copies.
 * --clusters names a stage of the run, or a folder with labels.npy; --speakers learns from the true speakers instead.
 * Standard output: one line of JSON; equal error rates in percent, Cllr in bits.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BackendRecipe, fitBackend } from '../../src/eval/backend/fit-backend.js';
import type { QualityMeasure } from '../../src/eval/backend/quality-measures.js';
import { DEFAULT_TOP, scoresByPart, scoreWithBackend } from '../../src/eval/backend/scoring-backend.js';
import { cllr } from '../../src/eval/detection/cllr.js';
import { equalError } from '../../src/eval/detection/eer.js';
import { sortScores } from '../../src/eval/detection/sorted-scores.js';
import type { Artifact } from '../../src/plugin/stage.js';
import { rowsOf } from '../../src/rows.js';
import { openTraining, openTrialLists, type TestList } from '../../src/stages/artifacts/corpus-data.js';
import { readEmbeddings, readTrainingEmbeddings } from '../../src/stages/artifacts/embeddings-data.js';
import { readLabels } from '../../src/stages/artifacts/pseudo-labels.js';

const { values } = parseArgs({
  options: {
    run: { type: 'string', default: 'runs/demo' },
    embeddings: { type: 'string', default: 'loop-embeddings' },
    clusters: { type: 'string', default: 'dino-clusters' },
    speakers: { type: 'boolean', default: false },
    'no-copies': { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});

const stageDir = (name: string) => (isAbsolute(name) ? name : join(values.run, 'stages', name));
const artifact = (name: string): Artifact => {
  const dir = stageDir(name);
  const { stage, result } = JSON.parse(readFileSync(join(dir, 'stage.json'), 'utf8'));
  return { dir, stage, result, seconds: 0 };
};

const corpus = openTraining(artifact('corpus'));
const embeddings = artifact(values.embeddings);
const { vectors, size, rows } = readTrainingEmbeddings(embeddings, { copies: !values['no-copies'] });
const utterances = corpus.train.ids.length;
const speakers = [...new Set(corpus.trainSpeakers)];
const own = values.speakers
  ? Int32Array.from(corpus.trainSpeakers, (speaker) => speakers.indexOf(speaker))
  : readLabels(artifact(values.clusters), utterances);
const recordings = Int32Array.from({ length: rows }, (_, row) => row % utterances);
const labels = recordings.map((recording) => own[recording]);
const seconds = Float64Array.from(recordings, (recording) => corpus.train.samples[recording] / 16_000);

const asNorm = { kind: 'as-norm', top: DEFAULT_TOP } as const;
const qmf = (...measures: QualityMeasure[]) => ({ measures, trials: 30_000, ridge: 1e-4 });
const plda = { iterations: 10, sessions: 'count' } as const;
const base = { subtractMean: true, whiten: false };
const recipes: Record<string, BackendRecipe> = {
  raw: { ...base, subtractMean: false },
  'mean-subtracted': base,
  whitened: { ...base, whiten: true },
  's-norm': { ...base, norm: { kind: 's-norm', top: DEFAULT_TOP } },
  'as-norm': { ...base, norm: asNorm },
  'as-norm, top 10': { ...base, norm: { ...asNorm, top: 10 } },
  'raw, as-norm': { ...base, subtractMean: false, norm: asNorm },
  'calibrated, score alone': { ...base, calibrate: qmf() },
  'as-norm, calibrated, score alone': { ...base, norm: asNorm, calibrate: qmf() },
  'as-norm, QMF durations': { ...base, norm: asNorm, calibrate: qmf('durations') },
  'as-norm, QMF': { ...base, norm: asNorm, calibrate: qmf('durations', 'magnitudes', 'cohort-means') },
  'raw, as-norm, QMF': {
    ...base,
    subtractMean: false,
    norm: asNorm,
    calibrate: qmf('durations', 'magnitudes', 'cohort-means'),
  },
  PLDA: { ...base, plda },
  'LDA, PLDA': { ...base, lda: 20, plda },
  'PLDA, as-norm': { ...base, plda, norm: asNorm },
  'PLDA, calibrated': { ...base, plda, calibrate: qmf() },
};

function figuresOn(list: TestList, recipe: BackendRecipe) {
  const { backend } = fitBackend({ vectors, size, labels, seconds, recordings, seed: values.seed }, recipe);
  const test = readEmbeddings(embeddings, list.name);
  const input = {
    trials: list.trials,
    embeddings: new Map([...rowsOf(test.vectors, size)].map((row, i) => [list.paths[i], row])),
    seconds: new Map(Array.from(list.shards.samples, (samples, i) => [list.paths[i], samples / 16_000])),
  };
  const scores = scoresByPart(backend, scoreWithBackend(backend, input)).at(-1)![1];
  const sorted = sortScores(
    scores,
    list.trials.map(({ target }) => target),
  );
  const eer = Number((100 * equalError(sorted).eer).toFixed(2));
  return {
    eer,
    ...(backend.calibration && { cllr: Number(cllr(sorted).toFixed(3)), trainCllr: backend.calibration.cllr }),
  };
}

const results = Object.entries(recipes).map(([name, recipe]) => {
  const lists = Object.fromEntries(
    openTrialLists(artifact('corpus'), corpus.manifest).map((list) => [list.name, figuresOn(list, recipe)]),
  );
  process.stderr.write(`${name.padEnd(34)} ${JSON.stringify(lists)}\n`);
  return { backend: name, lists };
});
const learnedFrom = values.speakers ? 'speakers' : values.clusters;
process.stdout.write(`${JSON.stringify({ embeddings: values.embeddings, learnedFrom, size, rows, results })}\n`);
