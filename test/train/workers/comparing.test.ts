import test from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import aamSoftmax from '../../../src/losses/aam-softmax.js';
import kl from '../../../src/losses/distillation/kl.js';
import relations from '../../../src/losses/distillation/relations.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createDistiller } from '../../../src/train/distill/distiller.js';
import { createFinetuner, type FinetuneParts, type LabelledSamples } from '../../../src/train/finetuner.js';
import type { ObjectiveParts } from '../../../src/train/objectives/beside.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { smallBackbone, smallFeatures, smallTdnn } from '../../helpers/training/small-training.js';
import { type Trained, trainsAsAlone } from '../../helpers/workers/as-alone.js';
import { openGroups } from '../../helpers/workers/in-process.js';
import { speakerBatch } from '../../helpers/workers/speaker-batch.js';

const [BATCH, STEPS, CLASSES, FRAMES] = [8, 4, 4, 30];
const registry = newRegistry();
const groups = openGroups(2);
const ONE_CROP = { global: 1, local: 0 };
/** Two utterances in a row of each speaker. */
const labels = Int32Array.from({ length: BATCH }, (_, i) => Math.floor(i / 2));
const view = { features: smallFeatures, augmentations: [] };
const optimizer = optimizerOptions.parse({ name: 'sgd', clipNorm: 1 });
const margins: FinetuneParts['loss'] = (context) =>
  aamSoftmax.build({ ...context, options: { margin: 0.1, scale: 10, center: 0 } });

/** A training on labels, with a gate that lets all samples through. */
async function onLabels(
  session: Session,
  more: Partial<FinetuneParts>,
  beside: (step: number) => LabelledSamples['beside'] = () => undefined,
): Promise<Trained> {
  const parts = { session, seed: 1, classes: CLASSES, backbone: smallBackbone, loss: margins, view, optimizer };
  const trainer = createFinetuner({ ...parts, ...more });
  const history = new Float32Array(BATCH).fill(Number.NaN);
  const steps: Trained['steps'] = [];
  for (let step = 0; step < STEPS; step++) {
    const progress = more.objectives ? { progress: (step + 1) / STEPS } : {};
    const values = { step, rate: 0.001, margin: 1, gate: Number.POSITIVE_INFINITY, momentum: 0, ...progress };
    const samples = { labels, history, beside: beside(step) };
    steps.push((await trainer.step(speakerBatch(`step ${step}`, BATCH, ONE_CROP), samples, values)).metrics);
  }
  return { steps, after: await session.save() };
}

/** Of four utterances a speaker, a worker has one speaker alone. */
const comparing: [name: string, options: Record<string, unknown>][] = [
  ['ge2e', { utterancesPerSpeaker: 4 }],
  ['ge2e', { utterancesPerSpeaker: 2, form: 'contrast' }],
  ['angular-prototypical', { utterancesPerSpeaker: 4 }],
  ['prototypical', { utterancesPerSpeaker: 2 }],
  ['triplet', { negatives: 'semi-hard', margin: 1 }],
  ['triplet', { negatives: 'hardest', margin: 1, unitLength: false }],
];
for (const [name, options] of comparing)
  test.serial(`${name} ${JSON.stringify(options)}: two workers compare the utterances of both`, async (t) => {
    const plugin = await registry.load('loss', name);
    const loss: FinetuneParts['loss'] = (context) =>
      plugin.build({ ...context, options: plugin.options.parse(options) });
    const { steps } = await trainsAsAlone(t, await groups, (session) => onLabels(session, { loss }));
    t.true(
      steps.some(({ loss }) => loss > 0.1),
      JSON.stringify(steps),
    );
    t.true(plugin.manyWorkers);
  });

const LAYERS = [1, 2, 3, 4].map((i) => ({ name: `layer${i}`, size: 8 }));

test.serial('a self-teacher: two workers train it and the network as one process does', async (t) => {
  const posteriors = { loss: kl.build({ temperature: 4, scale: 10 }), weight: 2 };
  const selfTeacher = { layers: LAYERS, width: 1.5, posteriors, attentionWeight: 1 };
  await trainsAsAlone(t, await groups, (session) => onLabels(session, { selfTeacher }));
});

async function objectiveOf(name: string, layer: string, more: Record<string, unknown> = {}): Promise<ObjectiveParts> {
  const plugin = await registry.load('objective', name);
  const options = plugin.options.parse({ layer, ...more });
  const needs = plugin.needs(options);
  const classes = needs.domains ? 2 : 3;
  return { name, layer, weight: 0.5, needs, classes, build: (parts) => plugin.build({ ...parts, options }) };
}

/** The second worker has fewer rows of a known class than the first, and four target rows share a batch with eight of the source. */
const [TARGETS, KNOWN] = [4, [0, 1, 2, 0, 1, -1, -1, -1]];
const besideOf = (step: number): LabelledSamples['beside'] => ({
  target: speakerBatch(`target ${step}`, TARGETS, ONE_CROP).global,
  targets: TARGETS,
  labels: [
    undefined,
    undefined,
    undefined,
    { values: Int32Array.from(KNOWN), shape: [] },
    { values: Int32Array.from({ length: BATCH * FRAMES }, (_, i) => (i % 7) - 4), shape: [FRAMES] },
  ],
});

for (const ownNorms of [false, true])
  test.serial(
    `objectives, ${ownNorms ? 'the target with norms of its own' : 'both domains in one batch'}: two workers compare the rows of both`,
    async (t) => {
      const objectives = [
        await objectiveOf('mmd', 'embedding'),
        await objectiveOf('coral', 'embedding', { means: true }),
        await objectiveOf('classes', 'layer3', { hidden: [4] }),
        await objectiveOf('classes', 'embedding', { labels: 'labels', adversarial: false }),
        await objectiveOf('phones', 'layer2', { labels: 'units', adversarial: true }),
      ];
      const { steps } = await trainsAsAlone(t, await groups, (session) =>
        onLabels(session, { objectives, ownNorms }, besideOf),
      );
      t.true(steps.every(({ mmd, coral, classes2, phones }) => mmd > 0 && coral > 0 && classes2 > 0 && phones > 0));
    },
  );

test.serial('relations: two workers compare the pairs and triples of both', async (t) => {
  const teacher = await smallTdnn({ width: 12, embeddingSize: 5 });
  const level = { student: 'embedding', teacher: ['embedding'], of: 'utterance' as const, weight: 1 };
  const loss = relations.build({ distance: 1, angle: 2, normalise: true });
  t.true(relations.manyWorkers);
  await trainsAsAlone(t, await groups, async (session) => {
    const distiller = createDistiller({
      session,
      seed: 1,
      batchSize: BATCH,
      backbone: smallBackbone,
      teachers: [{ name: 'teacher', backbone: teacher, features: smallFeatures }],
      levels: [{ ...level, compares: relations.compares, loss }],
      combine: 'concatenate',
      teacherHears: 'same',
      view,
      optimizer,
    });
    const steps: Trained['steps'] = [];
    for (let step = 0; step < STEPS; step++) {
      const batch = speakerBatch(`step ${step}`, BATCH, ONE_CROP);
      steps.push(await distiller.step(batch, {}, { step, rate: 0.001, margin: 1 }));
    }
    return { steps, after: await session.save() };
  });
});
