import test from 'ava';
import { relu } from '../../src/engine/ops/activations.js';
import { tf } from '../../src/engine/tf.js';
import { sizeOf } from '../../src/host-tensor.js';
import type { Backbone } from '../../src/nn/backbone.js';
import { batchNormLayer } from '../../src/nn/batch-norm.js';
import { convLayer } from '../../src/nn/conv.js';
import { denseLayer } from '../../src/nn/dense.js';
import type { Layer } from '../../src/nn/layer.js';
import { checkpointed } from '../../src/nn/recompute/checkpointed.js';
import { reversible } from '../../src/nn/recompute/reversible.js';
import { createScope, type Scope } from '../../src/nn/scope.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { benchmarkStep } from '../../src/train/step-benchmark.js';
import { withSession } from '../helpers/session.js';
import { BINS, EMBEDDING, smallBackbone } from '../helpers/training/small-training.js';

// With several threads the order of independent ops varies, and in a graph this small the peak with it.
const ONE_THREAD = { threads: 1 };
const optimizer = optimizerOptions.parse({ name: 'sgd', nesterov: true });

test.serial('a benchmark counts the backbone and sees memory grow with the batch', async (t) => {
  const figures = (batch: number) =>
    withSession(
      (session) => benchmarkStep(session, smallBackbone, { batch, frames: 60, bins: BINS, steps: 3, optimizer }),
      ONE_THREAD,
    );
  const parameters = await withSession((session) => {
    const scope = createScope(session, 'network', 1);
    smallBackbone(scope);
    return scope.params().reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }, ONE_THREAD);
  const [small, large] = [await figures(4), await figures(32)];
  t.is(small.parameters, parameters);
  t.true(small.bestMs! > 0 && small.bestMs! <= small.medianMs!);
  // Weights and momentum of backbone and classifier.
  const trained = 4 * (parameters + (EMBEDDING + 1) * 1000);
  t.deepEqual([small.parts.parameters, small.parts.optimizer], [trained, trained]);
  // Features and labels, and the scalars rate and step.
  t.is(large.parts.inputs, 32 * (60 * BINS + 1) * 4 + 4 + 8);
  // For each frame more, four maps of 8 channels.
  t.true(large.peakBytes - small.peakBytes > 28 * 60 * 4 * 8 * 4, `${large.peakBytes - small.peakBytes}`);
  for (const { parts, peakBytes } of [small, large]) t.is(sum(Object.values(parts)), peakBytes);
});

const [BATCH, FRAMES, CHANNELS] = [2, 40, 8];
/** Bytes of one map of the test networks. */
const MAP = BATCH * FRAMES * BINS * CHANNELS * 4;

test.serial('what is kept for the backward pass is what arithmetic says', async (t) => {
  // Between two convolutions: the first one's output for the normalisation, and the rectified map, which may come with a mask.
  const growth = async (kind: Kind) => {
    const [short, long] = [await measure(kind, 3), await measure(kind, 9)];
    // Kept until its layer's gradient is computed, so at the peak too, but for the last layer's.
    for (const { parts, keptBytes } of [short, long]) t.true(parts.activations > keptBytes - 4 * MAP);
    return (long.keptBytes - short.keptBytes) / 6 / MAP;
  };
  const plain = await growth('plain');
  t.true(plain >= 4 && plain < 4.3, `plain: ${plain} maps a block of two layers`);
  const cheap = await growth('checkpointed');
  t.true(cheap >= 1 && cheap < 1.05, `checkpointed: ${cheap} maps a block`);
  const free = await growth('reversible');
  t.true(free >= 0 && free < 0.05, `reversible: ${free} maps a block`);
});

type Kind = 'plain' | 'checkpointed' | 'reversible';

const measure = (kind: Kind, blocks: number) =>
  withSession(
    (session) =>
      benchmarkStep(session, (scope) => network(scope, kind, blocks), {
        batch: BATCH,
        frames: FRAMES,
        bins: BINS,
        steps: 1,
        optimizer,
      }),
    ONE_THREAD,
  );

/** Blocks of two convolutions, each with normalisation and rectifier. */
function network(scope: Scope, kind: Kind, blocks: number): Backbone {
  const layer = (at: Scope): Layer => {
    const conv = convLayer(at.child('conv'), { inputs: CHANNELS, outputs: CHANNELS, kernel: [3, 3] });
    const norm = batchNormLayer(at.child('norm'), CHANNELS);
    return (x, pass) => relu(norm(conv(x), pass));
  };
  const pairs = Array.from({ length: blocks }, (_, i) => {
    const at = scope.child(`block${i}`);
    return { f: layer(at.child('f')), g: layer(at.child('g')) };
  });
  const stem = convLayer(scope.child('stem'), { inputs: 1, outputs: CHANNELS, kernel: [3, 3] });
  const embedding = denseLayer(scope.child('embedding'), { inputs: CHANNELS, outputs: EMBEDDING });
  const inSequence: Layer[] = pairs.map(
    ({ f, g }) =>
      (x, pass) =>
        g(f(x, pass), pass),
  );
  return {
    embeddingSize: EMBEDDING,
    embed(features, pass) {
      let x = stem(tf.expandDims(features, 3));
      if (kind === 'reversible') x = tf.add(...reversible(pairs)([x, x], pass));
      else for (const block of inSequence) x = (kind === 'plain' ? block : checkpointed(block))(x, pass);
      return embedding(tf.mean(x, [1, 2]));
    },
  };
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
