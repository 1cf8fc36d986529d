import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { layerOutputs } from '../../../src/nn/taps.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createDistiller, type DistillParts } from '../../../src/train/distill/distiller.js';
import type { Level } from '../../../src/train/distill/level.js';
import { buildTeachers, hearTeachers } from '../../../src/train/distill/teachers.js';
import { cropsToFeatures } from '../../../src/train/step/crop-features.js';
import { isTransient } from '../../../src/train/step/transient.js';
import { close } from '../../helpers/close.js';
import { cosine } from '../../helpers/oracles/losses.js';
import { normalTensor } from '../../helpers/random-values.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { withSession } from '../../helpers/session.js';
import { plain, rows } from '../../helpers/training/open-loss.js';
import { BATCH, BINS, noiseBatch, SAMPLES, smallFeatures, smallTdnn } from '../../helpers/training/small-training.js';

const registry = newRegistry();

async function lossOf(name: string, options: Record<string, unknown> = {}) {
  const plugin = await registry.load('distillation', name);
  return { compares: plugin.compares, loss: plugin.build(plugin.options.parse(options)) };
}

const view = { features: smallFeatures, augmentations: [] };
const [student, teacher] = [await smallTdnn(), await smallTdnn({ width: 12, embeddingSize: 10 })];
const embedding: Level = {
  student: 'embedding',
  teacher: ['embedding'],
  of: 'utterance',
  weight: 1,
  projection: { inputs: 6, outputs: 10 },
  ...(await lossOf('cosine')),
};
const frames: Level = {
  ...embedding,
  ...(await lossOf('mean-square')),
  student: 'layer2',
  teacher: ['layer3', 'frames'],
  of: 'frames',
  weight: 0.5,
  projection: { inputs: 8, outputs: 24 },
};
const related: Level = { ...embedding, ...(await lossOf('relations')), projection: undefined };

/** A distiller whose teacher has weights of its own. */
async function open(session: Session, more: Partial<DistillParts> = {}) {
  const distiller = createDistiller({
    session,
    seed: 1,
    batchSize: BATCH,
    backbone: student,
    teachers: [{ name: 'teacher', backbone: teacher, features: smallFeatures }],
    levels: [embedding],
    combine: 'concatenate',
    teacherHears: 'clean',
    view,
    optimizer: optimizerOptions.parse({ name: 'adam' }),
    ...more,
  });
  const names = distiller.teachers.flatMap(({ scope }) => [...scope.params(), ...scope.buffers()]);
  const values = names.map(({ name, shape }): [string, HostTensor] => {
    const tensor = normalTensor([...shape], name, 0.3);
    // Variances are positive.
    return [name, { ...tensor, data: plain(tensor).map((x) => (/variance/.test(name) ? 1 + Math.abs(x) : x)) }];
  });
  await session.load(Object.fromEntries(values));
  return { ...distiller, teacherNames: names.map(({ name }) => name) };
}

const bitsOf = (values: Record<string, HostTensor>) =>
  Object.entries(values).map(([name, { data }]) => [
    name,
    Buffer.from(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength).toString('hex'),
  ]);

const TRAININGS: Record<string, Partial<DistillParts>> = {
  'the embedding through a projection': {},
  'frames of two layers beside it, in micro-batches': { levels: [embedding, frames], accumulate: 2 },
  'relations between utterances': { levels: [related] },
};

for (const [title, more] of Object.entries(TRAININGS)) {
  test(`${title}: the loss falls, and the teacher keeps every bit`, async (t) => {
    await withSession(async (session) => {
      const { step, teacherNames } = await open(session, more);
      const before = bitsOf(await session.save(teacherNames));
      const batch = noiseBatch('batch', { global: 1, local: 0 });
      const losses: number[] = [];
      for (let i = 0; i < 25; i++) losses.push((await step(batch, {}, { step: i, rate: 0.01, margin: 1 })).loss);
      t.true(losses.at(-1)! < 0.6 * losses[0], losses.join(' '));
      t.deepEqual(bitsOf(await session.save(teacherNames)), before);
      t.true(teacherNames.every(isTransient));
    });
  });
}

test('embeddings of audio that was not trained on come nearer the teacher', async (t) => {
  await withSession(async (session) => {
    const wide = await smallTdnn({ embeddingSize: 10 });
    const level = { ...embedding, projection: undefined };
    const { step, scope, teachers } = await open(session, { backbone: wide, levels: [level] });
    // The same variables under another function: the networks as they are used.
    const used = [wide, teacher].map((build, i) => build(existing([scope, teachers[0].scope][i])));
    const embed = session.compile('embed', ({ x }: Record<string, Tensor>) => {
      const [own, target] = used.map((network) => network.embed(x, { training: false }));
      return { own, target };
    });
    const x = normalTensor([8, 30, BINS], 'unheard', 2);
    const likeness = async () => {
      const { own, target } = await embed({ x });
      const [a, b] = [rows(own), rows(target)];
      return a.reduce((sum, row, i) => sum + cosine(row, b[i]) / a.length, 0);
    };
    const before = await likeness();
    for (let i = 0; i < 80; i++)
      await step(noiseBatch(i % 8, { global: 1, local: 0 }), {}, { step: i, rate: 0.01, margin: 1 });
    const after = await likeness();
    t.true(after > before + 0.3, `${before} to ${after}`);
  });
});

/** A scope that finds the variables which another has created. */
function existing(scope: Scope): Scope {
  const all = new Map([...scope.params(), ...scope.buffers()].map((variable) => [variable.name, variable]));
  const at = (path: string): Scope => ({
    ...scope,
    path,
    child: (name) => at(`${path}/${name}`),
    param: (name) => all.get(`${path}/${name}`)!,
    buffer: (name) => all.get(`${path}/${name}`)!,
  });
  return at(scope.path);
}

test('no gradient reaches a teacher, even where one is asked for', async (t) => {
  await withSession(async (session) => {
    const [built] = buildTeachers(session, [{ name: 'teacher', backbone: teacher, features: smallFeatures }]);
    const weight = createScope(session, 'weight', 1).param('w', [10], 1);
    const run = session.compile('run', ({ crops }: Record<string, Tensor>) => {
      const forward = () => {
        const { heard } = hearTeachers([built], { crops }, view);
        return { loss: tf.sum(tf.mul(heard[0].outputs.get('embedding')!, weight.read())) as Tensor, aux: {} };
      };
      const { gradients } = differentiate(forward, [weight, ...built.scope.params()], true);
      t.deepEqual(
        gradients.map(({ variable }) => variable.name),
        ['weight/w'],
      );
      return { gradient: gradients[0].gradient };
    });
    const crops: HostTensor = { dtype: 'int16', shape: [2, SAMPLES], data: noiseBatch(1).global.slice(0, 2 * SAMPLES) };
    t.true(plain((await run({ crops })).gradient).some((value) => value !== 0));
  });
});

/** A network whose embedding is the mean of its features, plus an offset of zeros to train. */
const listener = (scope: Scope) => {
  const offset = scope.param('offset', [BINS], 0);
  return {
    embeddingSize: BINS,
    layers: { embedding: { size: BINS, of: 'utterance' as const } },
    embed(features: Tensor, pass: { tap?(layer: string, output: Tensor): void }) {
      const embedding: Tensor = tf.add(tf.mean(features, 1), offset.read());
      pass.tap?.('embedding', embedding);
      return embedding;
    },
  };
};

test('the teacher hears the clean crop, the student the augmented one, or both the same', async (t) => {
  const features = { ...smallFeatures, cmn: false };
  const twice = { features, augmentations: [(wave: Tensor): Tensor => tf.mul(wave, 2)] };
  const level = { ...embedding, ...(await lossOf('mean-square', { normalise: false })), projection: undefined };
  const losses = await Promise.all(
    (['clean', 'same'] as const).map((teacherHears) =>
      withSession(async (session) => {
        const { step } = createDistiller({
          session,
          seed: 1,
          batchSize: BATCH,
          backbone: listener,
          teachers: [{ name: 'teacher', backbone: listener, features }],
          levels: [level],
          combine: 'concatenate',
          teacherHears,
          view: twice,
          optimizer: optimizerOptions.parse({}),
        });
        const batch = noiseBatch('batch', { global: 1, local: 0 });
        return (await step(batch, {}, { step: 0, rate: 0, margin: 1 })).loss;
      }),
    ),
  );
  // Twice the amplitude is four times the energy of every bin.
  close(t, losses, [Math.log(4) ** 2, 0], 1e-3, 'losses');
});

test('several teachers are put side by side or averaged, each at length 1', async (t) => {
  const features = { ...smallFeatures, cmn: false };
  const named = { name: 'teacher', backbone: listener, features };
  const squareOf = (combine: 'concatenate' | 'average') =>
    withSession(async (session) => {
      const level: Level = {
        ...embedding,
        projection: undefined,
        // The square of the target's length; nothing is learned.
        loss: (own, target) => tf.add(tf.mul(tf.sum(own), 0), tf.mean(tf.sum(tf.square(target), 1))),
      };
      const { step, teachers } = createDistiller({
        session,
        seed: 1,
        batchSize: BATCH,
        backbone: listener,
        teachers: [named, named],
        levels: [level],
        combine,
        teacherHears: 'clean',
        view: { features, augmentations: [] },
        optimizer: optimizerOptions.parse({}),
      });
      // Offsets that dwarf what is heard, and point against each other.
      const offsets = teachers.map(({ scope }, i): [string, HostTensor] => {
        const data = new Float32Array(BINS);
        data[0] = i === 0 ? 1e6 : -1e6;
        return [`${scope.path}/offset`, { dtype: 'float32', shape: [BINS], data }];
      });
      await session.load(Object.fromEntries(offsets));
      return (await step(noiseBatch('b', { global: 1, local: 0 }), {}, { step: 0, rate: 0, margin: 1 })).loss;
    });
  close(t, [await squareOf('concatenate'), await squareOf('average')], [2, 0], 1e-3, 'squares');
});

test('a network hands out its layers under the names that it declares', async (t) => {
  for (const build of [teacher, student])
    await withSession(async (session) => {
      const network = build(createScope(session, 'network', 1));
      const run = session.compile('run', ({ x }: Record<string, Tensor>) =>
        Object.fromEntries(layerOutputs(network, x, { training: false })),
      );
      const outputs = await run({ x: normalTensor([2, 30, BINS], 'x') });
      const shapes = Object.entries(outputs).map(([name, { shape }]) => [
        name,
        { size: shape.at(-1), of: shape.length === 3 ? 'frames' : 'utterance' },
      ]);
      t.deepEqual(Object.fromEntries(shapes), network.layers);
      t.deepEqual(Object.keys(outputs), ['layer1', 'layer2', 'layer3', 'layer4', 'frames', 'pooled', 'embedding']);
    });
});

test('stored outputs stand in the place of a teacher, row by row, in micro-batches too', async (t) => {
  await withSession(async (session) => {
    const heard = { features: { ...smallFeatures, cmn: false }, augmentations: [] };
    const level = { ...embedding, projection: undefined };
    const stored = [{ name: 'teacher', layers: { pooled: 3, embedding: BINS } }];
    const parts = { backbone: listener, teachers: [], stored, levels: [level], view: heard, accumulate: 2 };
    const { step } = await open(session, parts);
    const batch = noiseBatch('stored', { global: 1, local: 0 });
    const outputs = plain(normalTensor([BATCH, 3 + BINS], 'outputs'));
    const { loss } = await step(batch, { outputs: [outputs] }, { step: 0, rate: 0, margin: 1 });
    const means = session.compile('means', ({ crops }: Record<string, Tensor>) => ({
      means: tf.mean(cropsToFeatures(crops, heard, 'crops'), 1) as Tensor,
    }));
    const own = rows((await means({ crops: { dtype: 'int16', shape: [BATCH, SAMPLES], data: batch.global } })).means);
    const targets = own.map((_, i) => [...outputs.slice(i * (3 + BINS) + 3, (i + 1) * (3 + BINS))]);
    const expected = own.reduce((sum, row, i) => sum + (1 - cosine(row, targets[i])) / BATCH, 0);
    t.true(Math.abs(loss - expected) < 1e-5, `${loss} is not ${expected}`);
  });
});
