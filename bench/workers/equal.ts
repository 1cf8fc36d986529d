/**
 * Several workers beside one process with the whole batch, for every method that several can train: the same seeds and data, 50 updates.
 * Workers are sessions of this process, each with a server of TensorFlow's and a part of every batch, as `voxloop run --workers` has them in
 * processes of their own.
 *
 *   npm run build && node dist/bench/workers/equal.js [--workers 2] [--steps 50] [--rate 0.001] [--methods dino,simclr,...]
 *                    [--backbone '{"name":"tdnn",...}'] [--states 32] [--frames 30]
 *
 * `distill` among the methods is a distillation: a student of that backbone learns the embeddings of a drawn teacher of the same, by cosine.
 * `self-teacher` is a fine-tuning on drawn labels with a self-teacher beside a TDNN.
 * `--states 8` keeps the momentum of weights with 4,096 values or more in 8 bits; `adamw` and `adamw8` are AdamW with states of 32 and of 8.
 *
 * Prints for each method the largest relative difference of a step's loss and the largest difference of a weight at the end, and beside it
 * the same between two runs of one process whose batches hold the same utterances in another order: how far rounding alone leads. Whether
 * all workers ended with the same bits is said, too.
 */
import { parseArgs } from 'node:util';
import { featureDefinition } from '../../src/audio/features/features.js';
import { builtIns } from '../../src/builtins.js';
import type { Batch } from '../../src/data/crops/loader.js';
import { openSession, type Session } from '../../src/engine/session/session.js';
import { createGroup } from '../../src/engine/workers/group.js';
import { startServer } from '../../src/engine/workers/server.js';
import type { HostTensor } from '../../src/host-tensor.js';
import aamSoftmax from '../../src/losses/aam-softmax.js';
import kl from '../../src/losses/distillation/kl.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { freePorts } from '../../src/pipeline/workers/free-ports.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { createDistiller } from '../../src/train/distill/distiller.js';
import type { Level } from '../../src/train/distill/level.js';
import { createFinetuner } from '../../src/train/finetuner.js';
import { createPretrainer } from '../../src/train/pretrainer.js';
import { tinySslOptions } from '../../test/helpers/training/tiny-ssl-options.js';

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '2' },
    steps: { type: 'string', default: '50' },
    rate: { type: 'string', default: '0.001' },
    methods: { type: 'string', default: 'dino,simclr,moco,swav' },
    backbone: {
      type: 'string',
      default: '{"name":"tdnn","width":8,"embeddingSize":6,"pooling":"tstp","embeddingNorm":false}',
    },
    states: { type: 'string', default: '32' },
    frames: { type: 'string', default: '30' },
  },
});
const [BATCH, BINS] = [16, 16];
const [steps, frames, workers] = [Number(values.steps), Number(values.frames), Number(values.workers)];
const rate = Number(values.rate);

/** The tests' small options, with queues of two batches. */
const small: Record<string, Record<string, unknown>> = {
  ...tinySslOptions,
  simclr: { projection: [8, 6] },
  moco: { ...tinySslOptions.moco, queue: 2 * BATCH },
  swav: { ...tinySslOptions.swav, queue: 2 * BATCH },
};

const registry = createRegistry(builtIns);

/** Stored features: a voice for each utterance, and noise that differs from crop to crop; the utterances of `reversed` stand in reverse. */
function batchOf(step: number, crops: { global: number; local: number }, reversed: boolean): Batch {
  const rng = createRng(`step ${step % 5}`);
  const voices = Array.from({ length: BATCH }, () => Float32Array.from({ length: BINS }, () => rng.normal()));
  const width = frames * BINS;
  const cut = (count: number) => {
    const rows = new Float32Array(count * BATCH * width);
    for (let row = 0; row < count * BATCH; row++) {
      const utterance = row % BATCH;
      const at = row - utterance + (reversed ? BATCH - 1 - utterance : utterance);
      for (let i = 0; i < width; i++) rows[at * width + i] = voices[utterance][i % BINS] + rng.normal();
    }
    return rows;
  };
  const numbers = Int32Array.from({ length: BATCH }, (_, i) => i);
  const global = cut(crops.global);
  const local = crops.local > 0 ? cut(crops.local) : null;
  return { step, epoch: 0, utterances: numbers, origins: numbers, starts: numbers, global, local, release: () => {} };
}

const optimizers: Record<string, object> = {
  '32': { name: 'sgd' },
  '8': { name: 'sgd', stateBits: 8 },
  adamw: { name: 'adamw' },
  adamw8: { name: 'adamw', stateBits: 8 },
};

/** A training that is ready: what it does with a batch, and its weights. */
interface Training {
  crops: { global: number; local: number };
  step(batch: Batch, step: number): Promise<{ loss: number }>;
  trained: readonly { name: string }[];
}

async function partsOf(session: Session) {
  const { name: network, ...sizes } = JSON.parse(values.backbone);
  const backbone = await choosePlugin(registry, 'backbone', network, sizes);
  return {
    session,
    seed: 1,
    batchSize: BATCH,
    optimizer: optimizerOptions.parse({ clipNorm: 1, ...optimizers[values.states] }),
    backbone: await backboneBuilder(registry, backbone, BINS),
    view: { features: featureDefinition.parse({ bins: BINS, dither: 0 }), augmentations: [] },
  };
}

async function openPretraining(session: Session, name: string): Promise<Training> {
  const method = await choosePlugin(registry, 'ssl', name, small[name]);
  const plugin = await registry.load('ssl', name);
  const crops = plugin.views(method.options);
  const trainer = createPretrainer({
    ...(await partsOf(session)),
    crops,
    build: (parts) => plugin.build({ ...parts, options: method.options }),
  });
  return {
    crops,
    trained: trainer.method.trained,
    step(batch, step) {
      const position = { step, steps, epoch: (2 * step) / steps };
      return trainer.step(batch, step, { rate, ...trainer.method.schedule?.(position) });
    },
  };
}

async function openDistillation(session: Session): Promise<Training> {
  const parts = await partsOf(session);
  const { compares, options, build } = await registry.load('distillation', 'cosine');
  const loss = build(options.parse({}));
  const teachers = [{ name: 'teacher', backbone: parts.backbone, features: parts.view.features }];
  const level: Level = { student: 'embedding', teacher: ['embedding'], of: 'utterance', weight: 1, compares, loss };
  const levels = [level];
  const distiller = createDistiller({ ...parts, teachers, levels, combine: 'concatenate', teacherHears: 'same' });
  return {
    crops: { global: 1, local: 0 },
    trained: distiller.scope.params(),
    step: (batch, step) => distiller.step(batch, {}, { step, rate, margin: 1 }),
  };
}

/** A network that is taught by itself; labels read the same from behind, so that they fit batches with their rows reversed, too. */
async function openTaught(session: Session): Promise<Training> {
  const layers = [1, 2, 3, 4].map((i) => ({ name: `layer${i}`, size: 8 }));
  const posteriors = { loss: kl.build({ temperature: 4, scale: 10 }), weight: 2 };
  const trainer = createFinetuner({
    ...(await partsOf(session)),
    classes: 4,
    loss: (context) => aamSoftmax.build({ ...context, options: { margin: 0.1, scale: 10 } }),
    selfTeacher: { layers, width: 2, posteriors, attentionWeight: 1 },
  });
  const labels = Int32Array.from({ length: BATCH }, (_, i) => Math.min(i, BATCH - 1 - i) % 4);
  const history = new Float32Array(BATCH).fill(Number.NaN);
  const gate = { gate: Number.POSITIVE_INFINITY, momentum: 0 };
  return {
    crops: { global: 1, local: 0 },
    trained: trainer.scope.params(),
    step: async (batch, step) =>
      (await trainer.step(batch, { labels, history }, { step, rate, margin: 1, ...gate })).metrics,
  };
}

async function openTraining(session: Session, name: string): Promise<Training> {
  if (name === 'distill') return openDistillation(session);
  return name === 'self-teacher' ? openTaught(session) : openPretraining(session, name);
}

async function train(session: Session, name: string, reversed = false) {
  const { crops, step, trained } = await openTraining(session, name);
  const losses: number[] = [];
  for (let number = 0; number < steps; number++)
    losses.push((await step(batchOf(number, crops, reversed), number)).loss);
  return { losses, weights: await session.save(trained.map((variable) => variable.name)) };
}

type Trained = Awaited<ReturnType<typeof train>>;

const apart = (a: Trained, b: Trained): string => {
  const loss = Math.max(...a.losses.map((value, i) => Math.abs(value / b.losses[i] - 1)));
  let weight = 0;
  for (const [name, { data }] of Object.entries(a.weights)) {
    data.forEach((value, i) => {
      weight = Math.max(weight, Math.abs(Number(value) - Number(b.weights[name].data[i])));
    });
  }
  return `loss ${loss.toExponential(1)}, weights ${weight.toExponential(1)}`;
};

const bits = (tensors: Record<string, HostTensor>): string =>
  Object.values(tensors)
    .map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'))
    .join();

async function alone(name: string, reversed: boolean): Promise<Trained> {
  const session = openSession({ device: 'cpu', threads: 1 });
  try {
    return await train(session, name, reversed);
  } finally {
    await session.close();
  }
}

const addresses = (await freePorts(workers)).map((port) => `127.0.0.1:${port}`);
const groups = addresses.map((_, rank) => {
  const target = startServer({ addresses, rank, threads: 1, sources: [], unfiltered: 'refuse', portsNamed: false });
  return createGroup({ rank, count: workers, target });
});
for (const name of values.methods.split(',')) {
  const sessions = groups.map((group) => openSession({ device: 'cpu', threads: 1, workers: group }));
  const together = await Promise.all(sessions.map((session) => train(session, name)));
  await Promise.all(sessions.map((session) => session.close()));
  const [one, turned] = [await alone(name, false), await alone(name, true)];
  const same = together.every(({ weights }) => bits(weights) === bits(together[0].weights));
  console.log(
    `${name}: ${workers} workers beside one: ${apart(together[0], one)}; one beside itself, rows reversed: ${apart(turned, one)}; ` +
      `${same ? 'all workers hold the same bits' : 'THE WORKERS DIFFER'}`,
  );
}
process.exit(0);
