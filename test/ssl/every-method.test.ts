import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import type { SslPlugin } from '../../src/plugin/kinds.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/train/checkpoint.js';
import { adversaryOptions } from '../../src/train/step/adversary.js';
import type { RunPosition } from '../../src/train/step/ssl-method.js';
import type { StepMetrics } from '../../src/train/step/training-step.js';
import { normalTensor } from '../helpers/random-values.js';
import { newRegistry } from '../helpers/recipes/run-stage.js';
import { withSession } from '../helpers/session.js';
import {
  BATCH,
  BINS,
  EMBEDDING,
  noiseBatch,
  smallFeatures,
  smallPretrainer,
} from '../helpers/training/small-training.js';
import { tinySslOptions } from '../helpers/training/tiny-ssl-options.js';

const STEPS = 6;
const STOP = 3;
/** Two epochs in all. */
const moment = (step: number): RunPosition => ({ step, steps: STEPS, epoch: (2 * step) / STEPS });

const registry = newRegistry();
const names = registry.names('ssl');

test('every method has tiny options here', (t) => {
  t.deepEqual(Object.keys(tinySslOptions).sort(), [...names].sort());
});

async function tiny(name: string) {
  const plugin = (await registry.load('ssl', name)) as SslPlugin;
  const options = plugin.options.parse(tinySslOptions[name]);
  return { plugin, options, crops: plugin.views(options) };
}

type Tiny = Awaited<ReturnType<typeof tiny>>;

/** A method's training in a session: noise in the place of crops, dither in that of augmentation. */
function open(session: Session, { plugin, options, crops }: Tiny, { adversary = false, seed = 1 } = {}) {
  const trainer = smallPretrainer(
    session,
    // Without weight decay: what moves has a gradient.
    { name: 'adam', clipNorm: 3 },
    {
      crops,
      seed,
      build: (context) => plugin.build({ ...context, options }),
      view: { features: { ...smallFeatures, dither: 30 }, augmentations: [] },
      ...(adversary ? { adversary: adversaryOptions.parse({ hiddenSize: 8 }) } : {}),
    },
  );
  const { method } = trainer;
  const train = async (from: number, to: number, batchAt = (step: number) => `step${step}`): Promise<StepMetrics[]> => {
    const lines: StepMetrics[] = [];
    for (let step = from; step < to; step++) {
      const values = { rate: 0.01, ...method.schedule?.(moment(Math.min(step, STEPS))) };
      lines.push(await trainer.step(noiseBatch(batchAt(step), crops), step, values));
    }
    return lines;
  };
  return { method, train };
}

interface Case {
  name: string;
  adversary: boolean;
}

/** An undisturbed training of STEPS steps, with a checkpoint after STOP of them; then twelve steps on one batch from the start. */
async function trainUndisturbed({ name, adversary }: Case) {
  const parts = await tiny(name);
  return withSession(async (session) => {
    const { method, train } = open(session, parts, { adversary });
    const before = await session.save();
    const first = await train(0, STOP);
    const checkpoint = join(checkpoints, `${name}-${adversary}.safetensors`);
    await saveCheckpoint(session, checkpoint, STOP);
    const rest = await train(STOP, STEPS);
    const after = await session.save();
    await session.load(before);
    const repeated = await train(STEPS, STEPS + 12, () => 'one');
    return { parts, trained: method.trained.map(({ name }) => name), checkpoint, before, first, rest, after, repeated };
  });
}

const checkpoints = mkdtempSync(join(tmpdir(), 'voxloop-test-'));
test.after.always(() => rmSync(checkpoints, { recursive: true, force: true }));

/** The tests of one training, which runs once for all of them. */
function testTraining(title: string, training: Case): void {
  let run: ReturnType<typeof trainUndisturbed> | undefined;
  const undisturbed = () => {
    run ??= trainUndisturbed(training);
    return run;
  };

  test(`${title}: a resumed training is the undisturbed one, bit by bit`, async (t) => {
    const { parts, checkpoint, rest, after: expected } = await undisturbed();
    // In a session whose weights start elsewhere.
    await withSession(async (session) => {
      const { train } = open(session, parts, { adversary: training.adversary, seed: 2 });
      t.is((await loadCheckpoint(session, checkpoint))?.step, STOP);
      t.deepEqual(await train(STOP, STEPS), rest);
      const after = await session.save();
      t.deepEqual(Object.keys(after).sort(), Object.keys(expected).sort());
      for (const [name, tensor] of Object.entries(after)) t.deepEqual(bits(tensor), bits(expected[name]), name);
    });
  });

  test(`${title}: every metric of every step is finite`, async (t) => {
    const { first, rest } = await undisturbed();
    for (const line of [...first, ...rest]) {
      for (const [metric, value] of Object.entries(line)) t.true(Number.isFinite(value), `${metric} is ${value}`);
    }
  });

  test(`${title}: every weight that is trained learns`, async (t) => {
    const { trained, before, after } = await undisturbed();
    for (const name of trained) t.notDeepEqual(after[name], before[name], `${name} learns`);
  });

  test(`${title}: the loss falls on a batch that is repeated`, async (t) => {
    const { repeated } = await undisturbed();
    // From the start, what is learned of one batch shows, once a queue is full of it.
    const early = Math.max(...repeated.slice(0, 3).map(({ loss }) => loss));
    t.true(repeated[11].loss < early - 0.1 * Math.abs(early), repeated.map(({ loss }) => loss).join(' '));
  });
}

const bits = ({ data }: HostTensor): Buffer =>
  Buffer.from((data as Float32Array).buffer, (data as Float32Array).byteOffset, (data as Float32Array).byteLength);

for (const name of names) {
  testTraining(name, { name, adversary: false });

  test(`${name}: only what is trained has gradients; embeddings are the student's`, async (t) => {
    const { plugin, options, crops } = await tiny(name);
    await withSession(async (session) => {
      const { method } = open(session, { plugin, options, crops });
      const { student, ...others } = method.networks;
      t.true(student.scope.params().every((variable) => method.trained.includes(variable)));
      for (const network of Object.values(others)) {
        t.false(network.scope.params().some((variable) => method.trained.includes(variable)));
      }
      const still = [...session.variables.values()].filter((variable) => !method.trained.includes(variable));
      const features = (count: number, kind: string) => normalTensor([count * BATCH, 20, BINS], kind);
      const inputs = {
        global: features(crops.global, 'global'),
        ...(crops.local > 0 ? { local: features(crops.local, 'local') } : {}),
        ...method.schedule?.(moment(STEPS - 1)),
      };
      const run = session.compile('probe', ({ global, local, ...schedule }: Record<string, Tensor>) => {
        let embeddings: Tensor | undefined;
        const { gradients } = differentiate(
          () => {
            const output = method.loss({ batch: BATCH, global, local: local ?? null }, schedule);
            embeddings = output.embeddings;
            return { loss: output.loss, aux: {} };
          },
          still,
          true,
        );
        t.deepEqual(
          gradients.map(({ variable }) => variable.name),
          [],
        );
        t.is(embeddings!.shape.length, 2);
        t.is(embeddings!.shape[1], EMBEDDING);
        const embedded = embeddings!.shape[0]! / BATCH;
        t.true(
          Number.isInteger(embedded) && embedded >= 1 && embedded <= crops.global + crops.local,
          `${embedded} crops`,
        );
        return {};
      });
      run.trace(inputs);
    });
  });

  test(`${name}: schedules are pure, batches of one are refused`, async (t) => {
    const { plugin, options } = await tiny(name);
    t.true(plugin.check!(options, { batch: 1 }).length > 0);
    t.deepEqual(plugin.check!(options, { batch: BATCH }), []);
    await withSession((session) => {
      const { method } = open(session, { plugin, options, crops: plugin.views(options) });
      const places = [moment(0), moment(3), moment(STEPS - 1), { step: 0, steps: 1, epoch: 0 }];
      const first = places.map((place) => method.schedule?.(place) ?? {});
      const again = places.map((_, i) => method.schedule?.(places[places.length - 1 - i]) ?? {}).reverse();
      t.deepEqual(again, first);
      for (const values of first) {
        t.deepEqual(Object.keys(values), Object.keys(first[0]));
        t.true(Object.values(values).every(Number.isFinite), JSON.stringify(values));
      }
    });
  });
}

// One method embeds both crops itself, the other leaves the second one to its key encoder.
for (const name of ['dino', 'moco']) testTraining(`${name} with an adversary`, { name, adversary: true });
