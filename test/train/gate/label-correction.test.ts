import test from 'ava';
import { featureDefinition } from '../../../src/audio/features/features.js';
import { sparseSoftmaxCrossEntropy } from '../../../src/engine/ops/cross-entropy.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { createScope } from '../../../src/nn/scope.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createRng } from '../../../src/random.js';
import { createFinetuner } from '../../../src/train/finetuner.js';
import { KEPT, REJECTED } from '../../../src/train/gate/gate-keeper.js';
import { createLabelAlignment, labelShares } from '../../../src/train/gate/label-alignment.js';
import { cropsToFeatures } from '../../../src/train/step/crop-features.js';
import { close } from '../../helpers/close.js';
import { withSession } from '../../helpers/session.js';

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
    session,
    seed: 1,
    classes: CLASSES,
    accumulate,
    view: augmented,
    backbone: () => ({ embeddingSize: BINS, embed }),
    loss: ({ scope }) => {
      const weights = scope.param('weights', [BINS, CLASSES], 0);
      return {
        losses(embeddings, targets) {
          const scores = tf.matMul(embeddings, weights.read()) as Tensor;
          return { losses: sparseSoftmaxCrossEntropy(scores, targets), scores };
        },
      };
    },
    optimizer: optimizerOptions.parse({ name: 'sgd', momentum: 0, nesterov: false }),
  });
}

/** Tones in noise. */
function crops(seed = 'crops', length = SAMPLES): Int16Array {
  const rng = createRng(seed);
  const pitches = Array.from({ length: ROWS }, () => rng.uniform(0.05, 1.5));
  const sample = (i: number) => 3000 * Math.sin(pitches[Math.floor(i / length)] * (i % length)) + 300 * rng.normal();
  return Int16Array.from({ length: ROWS * length }, (_, i) => sample(i));
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
function oracle(inputs: { clean: number[][]; shown: number[][]; weights: Float32Array }) {
  const posteriors = inputs.shown.map((row) => softmax(products(row, inputs.weights)));
  const losses = posteriors.map((posterior, i) => -Math.log(posterior[labels[i]]));
  const predictions = inputs.clean.map((row) => softmax(products(row, inputs.weights).map((s) => s / TEMPERATURE)));
  const sure = predictions.map((probabilities) => Math.max(...probabilities));
  const predicted = predictions.map((probabilities, i) => probabilities.indexOf(sure[i]));
  return {
    weights: inputs.weights,
    losses,
    sure,
    predictions,
    update(gate: number, confidence: number) {
      const decisions = losses.map((loss, i) => (loss <= gate ? KEPT : sure[i] > confidence ? predicted[i] : REJECTED));
      const targets = decisions.map((decision, i) => (decision === KEPT ? labels[i] : decision));
      const counted = [...targets.keys()].filter((i) => targets[i] >= 0);
      const n = Math.max(counted.length, 1);
      const loss = counted.reduce((sum, i) => sum - Math.log(posteriors[i][targets[i]]) / n, 0);
      const weights = inputs.weights.map((weight, at) => {
        const [d, c] = [Math.floor(at / CLASSES), at % CLASSES];
        const error = (i: number) => posteriors[i][c] - (targets[i] === c ? 1 : 0);
        return weight - (RATE * counted.reduce((sum, i) => sum + inputs.shown[i][d] * error(i), 0)) / n;
      });
      return { decisions, loss, weights };
    },
  };
}

async function setUp(session: Session, accumulate = 1, local: Int16Array | null = null) {
  const finetuner = open(session, accumulate);
  const rng = createRng('weights');
  const weights = Float32Array.from({ length: BINS * CLASSES }, () => 0.7 * rng.normal());
  const name = 'network/classifier/weights';
  await session.load({ [name]: { dtype: 'float32', shape: [BINS, CLASSES], data: weights } });
  const peek = session.compile('peek', ({ x, longer }: Record<string, Tensor>) => ({
    clean: embed(cropsToFeatures(longer, clean, 'clean')),
    shown: embed(cropsToFeatures(x, augmented, 'shown')),
  }));
  const rows = (data: Int16Array) => ({ dtype: 'int16' as const, shape: [ROWS, data.length / ROWS], data });
  const seen = await peek({ x: rows(crops()), longer: rows(local ?? crops()) });
  const batch = {
    step: 0,
    epoch: 0,
    utterances: labels,
    global: crops(),
    origins: labels,
    starts: labels.map(() => 0),
    local,
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

test('the clean view is the crop that the batch has for it', async (t) => {
  const { expected: same } = await withSession((session) => setUp(session));
  await withSession(async (session) => {
    const { expected, step } = await setUp(session, 1, crops('longer', 3 * SAMPLES));
    const confidence = between(expected.sure, 4);
    const { decisions, loss } = expected.update(0, confidence);
    const found = await step(0, confidence);
    t.deepEqual([...found.decisions], decisions);
    close(t, [found.metrics.loss], [loss], 1e-5);
    t.notDeepEqual(decisions, same.update(0, confidence).decisions);
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

/** Distribution alignment, class by class: a running mean over ten rejected samples a class. */
function alignmentOracle(shares: number[], predicted = shares) {
  let seen = predicted;
  return {
    seen: () => seen,
    align(probabilities: number[]): number[] {
      const weighted = probabilities.map((p, c) => (p * shares[c]) / seen[c]);
      const sum = weighted.reduce((a, b) => a + b, 0);
      return weighted.map((p) => p / sum);
    },
    note(rejected: number[][]) {
      const kept = Math.exp(-rejected.length / (10 * shares.length));
      const meanOf = (c: number) => rejected.reduce((sum, row) => sum + row[c], 0) / Math.max(1, rejected.length);
      seen = seen.map((share, c) => kept * share + (1 - kept) * meanOf(c));
    },
  };
}

test('predictions are weighed by how often their class was given, and has been predicted', async (t) => {
  await withSession(async (session) => {
    const alignment = createLabelAlignment(createScope(session, 'correction', 0), CLASSES);
    const shares = Array.from({ length: CLASSES }, (_, c) => (c + 1) / ((CLASSES * (CLASSES + 1)) / 2));
    await session.load(alignment.start(Float32Array.from(shares)));
    const run = session.compile('run', ({ scores, which }: Record<string, Tensor>) => {
      const probabilities = tf.softmax(scores, 1);
      const aligned = alignment.align(probabilities);
      alignment.note(probabilities, tf.greater(which, 0));
      return { aligned };
    });
    const oracle = alignmentOracle(shares);
    const rng = createRng('alignment');
    for (const share of [1, 0.5, 0, 1]) {
      const scores = Array.from({ length: ROWS }, () => Array.from({ length: CLASSES }, () => 2 * rng.normal()));
      const which = scores.map(() => (rng.next() < share ? 1 : 0));
      const { aligned } = await run({
        scores: float32(scores.flat(), [ROWS, CLASSES]),
        which: float32(which, [ROWS]),
      });
      const probabilities = scores.map(softmax);
      close(t, aligned.data as Float32Array, probabilities.flatMap(oracle.align), 1e-5);
      oracle.note(probabilities.filter((_, i) => which[i] === 1));
    }
  });
});

test('micro-batches decide by one alignment, which moves once an update', async (t) => {
  await withSession(async (session) => {
    const { expected, step } = await setUp(session, 3);
    const gate = between(expected.losses, 6);
    const confidence = between(expected.sure, 5);
    const even = new Array<number>(CLASSES).fill(1 / CLASSES);
    let predicted = even;
    for (let update = 0; update < 2; update++) {
      const found = await step(gate, confidence);
      const alignment = alignmentOracle(even, predicted);
      const decisions = expected.losses.map((loss, row) => {
        const aligned = alignment.align(expected.predictions[row]);
        const sure = Math.max(...aligned);
        return loss <= gate ? KEPT : sure > confidence ? aligned.indexOf(sure) : REJECTED;
      });
      t.deepEqual([...found.decisions], decisions, `update ${update}`);
      close(t, found.losses, expected.losses, 1e-5);
      alignment.note(expected.predictions.filter((_, row) => expected.losses[row] > gate));
      predicted = alignment.seen();
      const { 'correction/predicted': moved } = await session.save(['correction/predicted']);
      close(t, moved.data as Float32Array, predicted, 1e-5, `update ${update}`);
      await session.load({ 'network/classifier/weights': float32(expected.weights, [BINS, CLASSES]) });
    }
  });
});

test('shares of labels: those without one do not count, and each speed has its part', (t) => {
  const shares = labelShares(Int32Array.of(0, 2, -1, 0, 0), { speakers: 3, speeds: 2 });
  close(t, shares, [3 / 8, 0, 1 / 8, 3 / 8, 0, 1 / 8], 1e-6);
});
