import test from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import aamSoftmax from '../../../src/losses/aam-softmax.js';
import kl from '../../../src/losses/distillation/kl.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createRng } from '../../../src/random.js';
import { createFinetuner } from '../../../src/train/finetuner.js';
import { REJECTED } from '../../../src/train/gate/gate-keeper.js';
import { close } from '../../helpers/close.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { withSession } from '../../helpers/session.js';
import { BATCH, BINS, noiseBatch, smallFeatures } from '../../helpers/training/small-training.js';

const LABELS = Int32Array.of(0, 1, 2, 1);
/** Two fifths of a second: more than twice what an x-vector's convolutions lose. */
const SAMPLES = 6400;

interface Taught {
  name: string;
  options: Record<string, unknown>;
  layers: { name: string; size: number }[];
}

const NETWORKS: Taught[] = [
  {
    name: 'xvector',
    options: { width: 8, lastWidth: 12, segmentLayers: 1, embeddingSize: 6 },
    layers: [1, 2, 3, 4, 5].map((i) => ({ name: `frame${i}`, size: i === 5 ? 12 : 8 })),
  },
  {
    name: 'ecapa-512',
    options: { width: 16, embeddingSize: 6 },
    layers: [1, 3].map((i) => ({ name: `block${i}`, size: 16 })),
  },
];

async function open(session: Session, { name, options, layers }: Taught) {
  const finetuner = createFinetuner({
    session,
    seed: 1,
    classes: 3,
    backbone: await backboneOf(name, options, BINS),
    loss: (context) => aamSoftmax.build({ ...context, options: { margin: 0.1, scale: 10, center: 0.1 } }),
    selfTeacher: {
      layers,
      width: 1,
      posteriors: { loss: kl.build({ temperature: 4, scale: 10 }), weight: 2 },
      attentionWeight: 1,
    },
    view: { features: smallFeatures, augmentations: [] },
    optimizer: optimizerOptions.parse({ name: 'adam' }),
  });
  const rng = createRng('crops');
  const global = Int16Array.from({ length: BATCH * SAMPLES }, () => 1000 * rng.normal());
  const batch = { ...noiseBatch('batch', { global: 1, local: 0 }), global };
  const history = new Float32Array(BATCH).fill(Number.NaN);
  const step = (number: number, gate: number, rate = 0.01) =>
    finetuner.step(batch, { labels: LABELS, history }, { step: number, rate, margin: 1, gate, momentum: 0 });
  return { finetuner, step };
}

for (const network of NETWORKS) {
  test(`${network.name} and its self-teacher learn from the samples that the gate keeps`, async (t) => {
    await withSession(async (session) => {
      const { step } = await open(session, network);
      const start = await session.save();
      const refused = await step(0, 0, 0);
      t.deepEqual([...refused.decisions], Array(BATCH).fill(REJECTED));
      t.is(refused.metrics.classification, 0);
      t.is(refused.metrics.teacherLoss, 0);
      const { posteriors, attention } = refused.metrics;
      t.true(posteriors > 0 && attention > 0, 'neither needs a label');
      close(t, [refused.metrics.loss], [2 * posteriors + attention], 1e-5);
      const centres = 'self-teacher/classifier/centers';
      t.deepEqual((await session.save([centres]))[centres], start[centres]);
      const first = await step(1, Number.POSITIVE_INFINITY);
      for (let number = 2; number < 15; number++) await step(number, Number.POSITIVE_INFINITY);
      const last = await step(15, Number.POSITIVE_INFINITY);
      for (const name of ['loss', 'classification', 'teacherLoss'])
        t.true(last.metrics[name] < first.metrics[name], `${name}: ${first.metrics[name]} to ${last.metrics[name]}`);
      t.notDeepEqual((await session.save([centres]))[centres], start[centres]);
    });
  });
}
