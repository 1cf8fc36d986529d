import { featureDefinition } from '../../../src/audio/features/features.js';
import { builtIns } from '../../../src/builtins.js';
import type { Session } from '../../../src/engine/session/session.js';
import { tf } from '../../../src/engine/tf.js';
import type { Variable } from '../../../src/engine/variable.js';
import { reduced } from '../../../src/engine/workers/collectives.js';
import { meanOverWorkers } from '../../../src/engine/workers/fused.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../../src/plugin/choose-plugin.js';
import { createRng } from '../../../src/random.js';
import { backboneBuilder } from '../../../src/stages/training/resolve-plugins.js';
import { createPretrainer } from '../../../src/train/pretrainer.js';

export const BINS = 80;

/** The network, and the batch of all workers together. */
export interface BenchSize {
  /** A backbone as in a recipe, as JSON. */
  backbone: string;
  batch: number;
  frames: number;
}

/** An update of SimCLR on random stored features. */
export interface BenchStep {
  step(number: number): Promise<void>;
  trained: readonly Variable[];
  /** Numbers that are trained. */
  parameters: number;
}

const registry = createRegistry(builtIns);

/** Builds a backbone of a recipe. */
export async function benchBackbone(backbone: string) {
  const { name, ...sizes } = JSON.parse(backbone);
  return backboneBuilder(registry, await choosePlugin(registry, 'backbone', name, sizes), BINS);
}

/** Prepares the update; in a session of a group this worker has its part of the batch. */
export async function openBenchStep(session: Session, { backbone, batch, frames }: BenchSize): Promise<BenchStep> {
  const plugin = await registry.load('ssl', 'simclr');
  const options = plugin.options.parse({});
  const crops = { global: 2, local: 0 };
  const trainer = createPretrainer({
    session,
    seed: 1,
    batchSize: batch,
    crops,
    optimizer: optimizerOptions.parse({}),
    backbone: await benchBackbone(backbone),
    build: (parts) => plugin.build({ ...parts, options }),
    view: { features: featureDefinition.parse({ bins: BINS, dither: 0 }), augmentations: [] },
  });
  const rng = createRng('features');
  const global = Float32Array.from({ length: crops.global * batch * frames * BINS }, () => rng.normal());
  const numbers = new Int32Array(batch);
  const rows = { utterances: numbers, origins: numbers, starts: numbers };
  const data = { step: 0, epoch: 0, ...rows, global, local: null, release: () => {} };
  const { trained } = trainer.method;
  return {
    trained,
    parameters: trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    async step(number) {
      await trainer.step(data, number, { rate: 0.001 });
    },
  };
}

/** Times of so many runs, in milliseconds, ascending; the runs before them warm up. */
export async function timesOf(runs: number, warmUp: number, run: (number: number) => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let number = 0; number < runs + warmUp; number++) {
    const from = performance.now();
    await run(number);
    if (number >= warmUp) times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b);
}

/** Reduces as many values as there are gradients, in the same buffers, and nothing else. */
export function openReduction(session: Session, trained: readonly Variable[]): () => Promise<void> {
  const reduce = session.compile('reduce', () => {
    const means = meanOverWorkers(trained.map((variable) => ({ variable, gradient: variable.read() })));
    return { sum: tf.addN(means.map(({ gradient }) => tf.sum(gradient))) };
  });
  return async () => {
    await reduce({});
  };
}

/** `count` reductions of a few numbers, each waiting for the last: what a batch normalisation sends in one pass. */
export function openSmallReductions(session: Session, count: number): () => Promise<void> {
  const small = session.variable('small', [2, 64], 0);
  const reduce = session.compile('small', () => {
    let sum = small.read();
    for (let i = 0; i < count; i++) sum = reduced(tf.add(sum, i));
    return { sum };
  });
  return async () => {
    await reduce({});
  };
}
