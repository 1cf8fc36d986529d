import test from 'ava';
import { featureDefinition } from '../../src/audio/features.js';
import { sparseSoftmaxCrossEntropy } from '../../src/engine/ops/cross-entropy.js';
import type { Session } from '../../src/engine/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createRng } from '../../src/random.js';
import { cropsToFeatures } from '../../src/train/crop-features.js';
import { createFinetuner } from '../../src/train/finetune.js';
import { KEPT, REJECTED } from '../../src/train/label-correction.js';
import { close } from '../helpers/close.js';
import { withSession } from '../helpers/session.js';

const BINS = 8;
const CLASSES = 5;
const ROWS = 12;
const SAMPLES = 1600;
const TEMPERATURE = 0.5;
const RATE = 0.5;
const features = featureDefinition.parse({ bins: BINS, dither: 0, cmn: false });
const labels = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);

/** Any change to the waveform that moves the embedding: the difference of neighbours. */
const differences = (wave: Tensor): Tensor =>
  tf.sub(tf.slice(wave, [0, 1], [-1, SAMPLES - 1]), tf.mul(0.8, tf.slice(wave, [0, 0], [-1, SAMPLES - 1])));
const augmented = { features, augmentations: [differences] };
const clean = { features, augmentations: [] };
const embed = (x: Tensor): Tensor => tf.div(tf.sub(tf.mean(x, 1), tf.mean(x, [1, 2]).expandDims(1)), 2);

/** A linear classifier over mean filterbanks: nothing is trained but its weights. */
function open(session: Session, accumulate: number) {
  return createFinetuner({
    ...{ session, seed: 1, classes: CLASSES, accumulate, view: augmented },
    backbone: () => ({ embeddingSize: BINS, embed }),
    loss: ({ scope }) => {
      const weights = scope.param('weights', [BINS, CLASSES], 0);
      return {
        losses(embeddings, given) {
          const scores = tf.matMul(embeddings, weights.read()) as Tensor;
          return { losses: sparseSoftmaxCrossEntropy(scores, given), scores };
        },
      };
    },
    optimizer: optimizerOptions.parse({ name: 'sgd', momentum: 0, nesterov: false }),
  });
}

/** Tones in noise. */
function crops(): Int16Array {
  const rng = createRng('crops');
  const pitches = Array.from({ length: ROWS }, () => rng.uniform(0.05, 1.5));
  const sample = (i: number) => 3000 * Math.sin(pitches[Math.floor(i / SAMPLES)] * (i % SAMPLES)) + 300 * rng.normal();
  return Int16Array.from({ length: ROWS * SAMPLES }, (_, i) => sample(i));
}

function softmax(scores: number[]): number[] {
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const products = (vector: number[], weights: Float32Array): number[] =>
  Array.from({ length: CLASSES }, (_, c) => vector.reduce((sum, x, d) => sum + x * weights[d * CLASSES + c], 0));

const rowsOf = (data: ArrayLike<number>): number[][] =>
  Array.from({ length: ROWS }, (_, i) => Array.from({ length: BINS }, (_, d) => data[i * BINS + d]));

/** The rule of the paper, sample by sample. */
function oracle(given: { clean: number[][]; shown: number[][]; weights: Float32Array }) {
  const posteriors = given.shown.map((row) => softmax(products(row, given.weights)));
  const losses = posteriors.map((posterior, i) => -Math.log(posterior[labels[i]]));
  const predictions = given.clean.map((row) => softmax(products(row, given.weights).map((s) => s / TEMPERATURE)));
  const sure = predictions.map((probabilities) => Math.max(...probabilities));
  const predicted = predictions.map((probabilities, i) => probabilities.indexOf(sure[i]));
  return {
    losses,
    sure,
    update(gate: number, confidence: number) {
      const decisions = losses.map((loss, i) => (loss <= gate ? KEPT : sure[i] > confidence ? predicted[i] : REJECTED));
      const targets = decisions.map((decision, i) => (decision === KEPT ? labels[i] : decision));
      const counted = [...targets.keys()].filter((i) => targets[i] >= 0);
      const n = Math.max(counted.length, 1);
      const loss = counted.reduce((sum, i) => sum - Math.log(posteriors[i][targets[i]]) / n, 0);
      const weights = given.weights.map((weight, at) => {
        const [d, c] = [Math.floor(at / CLASSES), at % CLASSES];
        const error = (i: number) => posteriors[i][c] - (targets[i] === c ? 1 : 0);
        return weight - (RATE * counted.reduce((sum, i) => sum + given.shown[i][d] * error(i), 0)) / n;
      });
      return { decisions, loss, weights };
    },
  };
}

async function setUp(session: Session, accumulate = 1) {
  const finetuner = open(session, accumulate);
  const rng = createRng('weights');
  const weights = Float32Array.from({ length: BINS * CLASSES }, () => 0.7 * rng.normal());
  const name = 'network/classifier/weights';
  await session.load({ [name]: { dtype: 'float32', shape: [BINS, CLASSES], data: weights } });
  const peek = session.compile('peek', ({ x }: Record<string, Tensor>) => ({
    clean: embed(cropsToFeatures(x, clean, 'clean')),
    shown: embed(cropsToFeatures(x, augmented, 'shown')),
  }));
  const seen = await peek({ x: { dtype: 'int16', shape: [ROWS, SAMPLES], data: crops() } });
  const batch = {
    step: 0,
    epoch: 0,
    utterances: labels,
    global: crops(),
    origins: labels,
    local: null,
    release: () => {},
  };
  return {
    expected: oracle({
      clean: rowsOf(seen.clean.data as Float32Array),
      shown: rowsOf(seen.shown.data as Float32Array),
      weights,
    }),
    async step(gate: number, confidence: number) {
      const correction = { temperature: TEMPERATURE, confidence };
      const samples = { labels, history: new Float32Array(labels.length).fill(Number.NaN) };
      const moment = { step: 0, rate: RATE, margin: 1, gate, momentum: 0, correction };
      const result = await finetuner.step(batch, samples, moment);
      return { ...result, weights: (await session.save([name]))[name].data as Float32Array };
    },
  };
}

const between = (values: number[], rank: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[rank - 1] + sorted[rank]) / 2;
};

test('rejected samples are trained on what the clean view is called, where that is sure', async (t) => {
  await withSession(async (session) => {
    const { expected, step } = await setUp(session);
    const gate = between(expected.losses, 5);
    const confidence = between(
      expected.sure.filter((_, i) => expected.losses[i] > gate),
      3,
    );
    const found = await step(gate, confidence);
    const { decisions, loss, weights } = expected.update(gate, confidence);
    const corrected = decisions.filter((decision) => decision >= 0).length;
    t.deepEqual([corrected, decisions.filter((decision) => decision === REJECTED).length], [4, 3]);
    t.deepEqual([...found.decisions], decisions);
    close(t, [found.metrics.kept, found.metrics.corrected], [5 / ROWS, 4 / ROWS], 1e-6);
    close(t, found.losses, expected.losses, 1e-5, 'losses against the given labels');
    close(t, [found.metrics.loss], [loss], 1e-5);
    close(t, found.weights, weights, 1e-5, 'weights after a step of gradient descent');
  });
});

test('an empty gate trains on corrections alone; without those on nothing', async (t) => {
  await withSession(async (session) => {
    const { expected, step } = await setUp(session);
    const confidence = between(expected.sure, 6);
    const { decisions, loss, weights } = expected.update(0, confidence);
    const found = await step(0, confidence);
    t.deepEqual([...found.decisions], decisions);
    t.is(found.metrics.kept, 0);
    close(t, [found.metrics.loss], [loss], 1e-5);
    close(t, found.weights, weights, 1e-5);
    const nothing = await step(0, 1);
    t.deepEqual([nothing.metrics.loss, nothing.metrics.corrected], [0, 0]);
    t.deepEqual(nothing.weights, found.weights);
  });
});

test('micro-batches decide on the same samples, in order', async (t) => {
  await withSession(async (session) => {
    const { expected, step } = await setUp(session, 3);
    const gate = between(expected.losses, 6);
    const confidence = between(expected.sure, 5);
    const found = await step(gate, confidence);
    t.deepEqual([...found.decisions], expected.update(gate, confidence).decisions);
    close(t, found.losses, expected.losses, 1e-5);
  });
});
