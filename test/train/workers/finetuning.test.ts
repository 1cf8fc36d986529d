import test from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import aamSoftmax from '../../../src/losses/aam-softmax.js';
import cosine from '../../../src/losses/distillation/cosine.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createDistiller } from '../../../src/train/distill/distiller.js';
import { createFinetuner, type FinetuneResult } from '../../../src/train/finetuner.js';
import { withSession } from '../../helpers/session.js';
import { smallBackbone, smallFeatures, smallTdnn } from '../../helpers/training/small-training.js';
import { inEveryWorker, openGroups } from '../../helpers/workers/in-process.js';
import { farthest, speakerBatch } from '../../helpers/workers/speaker-batch.js';

const BATCH = 8;
const STEPS = 6;
const CLASSES = 3;
const NEAR = 1e-5;
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);

/** A gated training that rejects some samples and gives others another label, with centres that move beside the weights. */
async function train(session: Session) {
  const trainer = createFinetuner({
    session,
    seed: 1,
    classes: CLASSES,
    backbone: smallBackbone,
    loss: (context) => aamSoftmax.build({ ...context, options: { margin: 0.1, scale: 10, center: 0.1 } }),
    view: { features: smallFeatures, augmentations: [] },
    optimizer: optimizerOptions.parse({ name: 'sgd' }),
  });
  const results: FinetuneResult[] = [];
  for (let step = 0; step < STEPS; step++) {
    const batch = speakerBatch(`step ${step}`, BATCH, { global: 1, local: 0 });
    const history = new Float32Array(BATCH).fill(Number.NaN);
    const correction = { temperature: 0.5, confidence: 0.9 };
    const values = { step, rate: 0.01, margin: 1, gate: 2.5, momentum: 0, correction };
    results.push(await trainer.step(batch, { labels, history }, values));
  }
  return { results, after: await session.save() };
}

const groups = openGroups(2);

test.serial(
  'fine-tuning behind a gate: two workers with half the batch each train as one process with all of it',
  async (t) => {
    const [first, second] = await inEveryWorker(await groups, train);
    const alone = await withSession(train, { threads: 1 });
    t.deepEqual(first, second, 'the workers hold the same bits, and hear of every sample');
    const kept = alone.results.map(({ metrics }) => metrics.kept);
    t.true(
      kept.some((share) => share > 0 && share < 1),
      `the gate decides: ${kept}`,
    );
    first.results.forEach(({ metrics, losses, decisions }, step) => {
      const { metrics: single, losses: each, decisions: decided } = alone.results[step];
      t.true(
        Math.abs(metrics.loss - single.loss) < NEAR * Math.max(1, single.loss),
        `step ${step}: ${metrics.loss}, ${single.loss}`,
      );
      t.is(losses.length, BATCH);
      t.true(
        losses.every((loss, i) => Math.abs(loss - each[i]) < 1e-4),
        `samples of step ${step}`,
      );
      t.deepEqual(decisions, decided);
    });
    // Centres, the running mean of predictions and running statistics are among them.
    const { variable, distance } = farthest(first.after, alone.after);
    t.true(distance < 10 * NEAR, `${variable} differs by ${distance}`);
  },
);

const teacher = await smallTdnn({ width: 12 });

/** A student learns the embeddings of a drawn teacher, and labels. */
async function distil(session: Session) {
  const distiller = createDistiller({
    session,
    seed: 1,
    batchSize: BATCH,
    backbone: smallBackbone,
    teachers: [{ name: 'teacher', backbone: teacher, features: smallFeatures }],
    levels: [
      {
        student: 'embedding',
        teacher: ['embedding'],
        of: 'utterance',
        weight: 1,
        compares: cosine.compares,
        loss: cosine.build({}),
      },
    ],
    classifier: {
      classes: CLASSES,
      weight: 0.5,
      loss: (context) => aamSoftmax.build({ ...context, options: { margin: 0.1, scale: 10, center: 0 } }),
    },
    combine: 'concatenate',
    teacherHears: 'same',
    view: { features: smallFeatures, augmentations: [] },
    optimizer: optimizerOptions.parse({ name: 'sgd' }),
  });
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const batch = speakerBatch(`step ${step}`, BATCH, { global: 1, local: 0 });
    losses.push((await distiller.step(batch, { labels }, { step, rate: 0.01, margin: 1 })).loss);
  }
  return { losses, after: await session.save() };
}

test.serial('distillation: two workers with half the batch each train as one process with all of it', async (t) => {
  const [first, second] = await inEveryWorker(await groups, distil);
  t.deepEqual(first, second, 'the workers hold the same bits');
  const alone = await withSession(distil, { threads: 1 });
  first.losses.forEach((loss, step) => {
    t.true(Math.abs(loss / alone.losses[step] - 1) < NEAR, `step ${step}: ${loss}, ${alone.losses[step]}`);
  });
  const { variable, distance } = farthest(first.after, alone.after);
  t.true(distance < 10 * NEAR, `${variable} differs by ${distance}`);
});
