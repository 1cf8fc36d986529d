import test, { type ExecutionContext } from 'ava';
import { featureDefinition } from '../../../src/audio/features/features.js';
import type { MemoryParts } from '../../../src/engine/memory/memory-parts.js';
import type { Session } from '../../../src/engine/session/session.js';
import aamSoftmax from '../../../src/losses/aam-softmax.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createFinetuner } from '../../../src/train/finetuner.js';
import { createPretrainer } from '../../../src/train/pretrainer.js';
import type { TrainingStep } from '../../../src/train/step/training-step.js';
import dino from '../../../ssl/dino.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { withSession } from '../../helpers/session.js';

const [BATCH, BINS, FRAMES] = [4, 40, 60];
/** Crops of that many frames: 25 ms windows every 10 ms at 16 kHz. */
const SAMPLES = 400 + 160 * (FRAMES - 1);
const view = { features: featureDefinition.parse({ bins: BINS }), augmentations: [] };
const crops = (count: number) => new Int16Array(count * BATCH * SAMPLES).map((_, i) => (i * 7919) % 2000);

interface Case {
  backbone: string;
  options?: Record<string, unknown>;
  optimizer?: Record<string, unknown>;
  accumulate?: number;
}

async function supervised(session: Session, testCase: Case) {
  const finetuner = createFinetuner({
    session,
    seed: 1,
    classes: 50,
    view,
    accumulate: testCase.accumulate,
    backbone: await backboneOf(testCase.backbone, testCase.options, BINS),
    loss: (parts) => aamSoftmax.build({ ...parts, options: aamSoftmax.options.parse({}) }),
    optimizer: optimizerOptions.parse(testCase.optimizer ?? {}),
  });
  const values = { gate: 3e38, momentum: 0, margin: 1, rate: 0.001, step: 0 };
  const samples = { labels: Int32Array.of(0, 1, 2, 3), history: new Float32Array(4) };
  return finetuner.functions({ global: crops(1), local: null }, samples, values);
}

async function selfSupervised(session: Session, testCase: Case) {
  const options = dino.options.parse({ prototypes: 64, hiddenSize: 32, bottleneckSize: 16, localCrops: 2 });
  const pretrainer = createPretrainer({
    session,
    seed: 1,
    batchSize: BATCH,
    crops: dino.views(options),
    view,
    backbone: await backboneOf(testCase.backbone, testCase.options, BINS),
    build: (context) => dino.build({ ...context, options }),
    optimizer: optimizerOptions.parse(testCase.optimizer ?? {}),
  });
  const values = { rate: 0.001, step: 0, ...pretrainer.method.schedule!({ step: 0, steps: 10, epoch: 0 }) };
  return pretrainer.functions({ global: crops(2), local: crops(2) }, values);
}

/** Largest peak of an update's functions, predicted before anything ran, and measured. */
async function compare(
  t: ExecutionContext,
  functionsOf: (session: Session) => Promise<ReturnType<TrainingStep['functions']>>,
) {
  await withSession(async (session) => {
    const functions = await functionsOf(session);
    const predicted = functions.map(({ compiled, inputs }) => compiled.predict(inputs));
    // States that begin as equal zeros share their memory until the first update.
    for (const { compiled, inputs } of functions) await compiled(inputs);
    for (const [i, { compiled, inputs }] of functions.entries()) {
      const measured = await compiled.measure(inputs);
      const ratio = predicted[i].peakBytes / measured.peakBytes;
      t.true(ratio > 0.95 && ratio < 1.05, `predicted ${predicted[i].peakBytes}, measured ${measured.peakBytes}`);
      const total = Object.values(predicted[i].parts).reduce((sum, bytes) => sum + bytes, 0);
      t.is(total, predicted[i].peakBytes);
      for (const part of ['parameters', 'optimizer', 'inputs'] satisfies (keyof MemoryParts)[]) {
        t.is(predicted[i].parts[part], measured.parts[part]);
      }
    }
  });
}

const resnet = { backbone: 'resnet18', options: { width: 8, embeddingSize: 32 } };
const tdnn = { backbone: 'tdnn', options: { width: 64, embeddingSize: 16 } };

test.serial('a plain network, supervised', (t) => compare(t, (session) => supervised(session, resnet)));

test.serial('a checkpointed network, supervised', (t) =>
  compare(t, (session) => supervised(session, { ...resnet, options: { ...resnet.options, checkpointing: true } })),
);

test.serial('a reversible network with 8-bit states, supervised', (t) =>
  compare(t, (session) => supervised(session, { ...resnet, backbone: 'frev-resnet34', optimizer: { stateBits: 8 } })),
);

test.serial('a time-delay network with attention, in micro-batches', (t) =>
  compare(t, (session) => supervised(session, { ...tdnn, accumulate: 2 })),
);

test.serial('a time-delay network under DINO', (t) => compare(t, (session) => selfSupervised(session, tdnn)));

test.serial('a reversible network under DINO', (t) =>
  compare(t, (session) => selfSupervised(session, { ...resnet, backbone: 'prev-resnet34' })),
);
