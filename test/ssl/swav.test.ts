import test from 'ava';
import type { z } from 'zod';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import swav from '../../ssl/swav.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { swappedPrediction, swavLoss, swavTargets } from '../helpers/oracles/swav.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, BATCH as SMALL_BATCH, smallPretrainer } from '../helpers/training/small-training.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';

const [SIZE, BATCH, PROTOTYPES] = [5, 3, 7];
const SMALL = { prototypes: PROTOTYPES, projection: [], queue: 0 };
type Options = z.input<typeof swav.options>;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const number = (tensor: HostTensor): number => plain(tensor)[0];
const unit = (row: number[]): number[] => row.map((value) => value / Math.hypot(...row));
const lengths = (tensor: HostTensor) => rowsOf(plain(tensor), tensor.shape[1]).map((row) => Math.hypot(...row));

/** The method over a network without weights. */
function open(session: Session, overrides: Options = {}) {
  const options = swav.options.parse({ ...SMALL, ...overrides });
  const method = swav.build({ ...sslContext(session, 1, identityBackbone(SIZE)), options });
  const loss = ({ global, local, queue }: Record<string, Tensor>) =>
    method.loss({ batch: BATCH, global, local: local ?? null }, { queue });
  const run = session.compile('run', (inputs: Record<string, Tensor>) => {
    const { loss: value, metrics } = loss(inputs);
    const { outputs, teacherEntropy, studentEntropy } = metrics;
    return { loss: value, outputs, teacherEntropy, studentEntropy };
  });
  return { options, method, loss, run };
}

const crops = (count: number, name: string): HostTensor => normalTensor([count * BATCH, 1, SIZE], name, 2);

/** Crop-major rows as [view][utterance]. */
const pieces = (rows: number[][]): number[][][] =>
  Array.from({ length: rows.length / BATCH }, (_, view) => rows.slice(view * BATCH, (view + 1) * BATCH));
const viewsOf = (tensors: HostTensor[]): number[][][] =>
  pieces(tensors.flatMap((tensor) => rowsOf(plain(tensor), SIZE)).map(unit));
const prototypesOf = (saved: Record<string, HostTensor>) => rowsOf(plain(saved['ssl/prototypes/rows']), SIZE);

for (const [globalCrops, localCrops] of [
  [2, 0],
  [2, 3],
  [3, 1],
]) {
  test(`${globalCrops} global and ${localCrops} local crops: loss and entropies as in the paper`, async (t) => {
    await withSession(async (session) => {
      const { run, options } = open(session, { globalCrops, localCrops });
      t.deepEqual(swav.views(options), { global: globalCrops, local: localCrops });
      const [global, local] = [crops(globalCrops, 'global'), localCrops > 0 ? crops(localCrops, 'local') : null];
      const result = await run({ global, ...(local ? { local } : {}), queue: 0 });
      const expected = swavLoss(viewsOf(local ? [global, local] : [global]), globalCrops, {
        prototypes: prototypesOf(await session.save()),
        temperature: 0.1,
        epsilon: 0.05,
        iterations: 3,
      });
      close(t, [number(result.loss)], [expected.loss], 1e-5, 'loss');
      close(t, [number(result.teacherEntropy)], [expected.targetEntropy], 1e-5, 'entropy of the assignments');
      close(t, [number(result.studentEntropy)], [expected.predictionEntropy], 1e-5, 'entropy of the predictions');
      t.is(number(result.outputs), PROTOTYPES);
    });
  });
}

test('the queue: first in, first out, one for each global crop, and used when asked for and full', async (t) => {
  await withSession(async (session) => {
    const QUEUE = 2 * BATCH;
    const { run } = open(session, { queue: QUEUE, sinkhornIterations: 2 });
    const content = async (crop: number) => rowsOf(plain((await session.save())[`ssl/queue/${crop}/rows`]), SIZE);
    const reference = [0, 1].map(() => Array.from({ length: QUEUE }, () => Array(SIZE).fill(0)));
    const prototypes = prototypesOf(await session.save());
    const used: boolean[] = [];
    for (const [step, inUse] of [1, 1, 1, 0, 1].entries()) {
      const global = crops(2, `batch${step}`);
      const views = viewsOf([global]);
      const options = { prototypes, temperature: 0.1, epsilon: 0.05, iterations: 2 };
      const [alone, together] = [options, { ...options, queues: reference }].map((o) => swavLoss(views, 2, o).loss);
      t.true(Math.abs(alone - together) > 1e-3, 'the queue makes a difference');
      const loss = number((await run({ global, queue: inUse })).loss);
      used.push(Math.abs(loss - together) < Math.abs(loss - alone));
      close(t, [loss], [used[step] ? together : alone], 1e-5, `loss of step ${step}`);
      for (const crop of [0, 1]) {
        reference[crop].push(...views[crop]);
        reference[crop].splice(0, BATCH);
        close(t, (await content(crop)).flat(), reference[crop].flat(), 1e-6, `queue ${crop} after step ${step}`);
      }
    }
    t.deepEqual(used, [false, false, true, false, true]);
  });
});

test('gradients in crops and prototypes: those of the formula with its assignments held', async (t) => {
  await withSession(async (session) => {
    const { loss } = open(session, { localCrops: 1 });
    const [global, local] = [crops(2, 'global'), crops(1, 'local')];
    const x = session.variable('x', global.shape, global);
    const variables = [x, session.variables.get('ssl/prototypes/rows')!];
    const backward = session.compile('backward', (inputs: Record<string, Tensor>) => {
      const forward = () => ({ loss: loss({ ...inputs, global: x.read() }).loss, aux: {} });
      const [dx, dPrototypes] = differentiate(forward, variables).gradients;
      return { dx: dx.gradient, dPrototypes: dPrototypes.gradient };
    });
    const { dx, dPrototypes } = await backward({ local, queue: 0 });

    const options = { temperature: 0.1, epsilon: 0.05, iterations: 3 };
    const rows = rowsOf(plain(global), SIZE);
    const prototypes = prototypesOf(await session.save());
    const features = (flat: number[][]) => [...pieces(flat.map(unit)), ...viewsOf([local])];
    const targets = swavTargets(features(rows), 2, { ...options, prototypes });
    const value = () => swappedPrediction(features(rows), targets, { ...options, prototypes }).loss;
    close(t, plain(dx), differences(rows, value), 1e-5, 'gradient in the crops');
    close(t, plain(dPrototypes), differences(prototypes, value), 1e-5, 'gradient in the prototypes');
  });
});

/** Central differences of `value` in every entry of `rows`, which it reads; float64. */
function differences(rows: number[][], value: () => number): number[] {
  const width = 1e-5;
  return rows.flatMap((row) =>
    row.map((entry, i) => {
      const [above, below] = [width, -width].map((by) => {
        row[i] = entry + by;
        return value();
      });
      row[i] = entry;
      return (above - below) / (2 * width);
    }),
  );
}

test('gradients through the head', async (t) => {
  await withSession(async (session) => {
    // So wide an epsilon assigns everything equally: targets that stay where they are while the differences are taken.
    const { method, loss } = open(session, { projection: [8, 4], temperature: 0.2, epsilon: 1e6 });
    t.is(method.trained.length, 6);
    const forward = (inputs: Record<string, Tensor>) => loss(inputs).loss;
    await checkVariableGradients(t, session, method.trained, { global: crops(2, 'global'), queue: 0 }, forward);
  });
});

test('no gradient reaches the queues', async (t) => {
  await withSession(async (session) => {
    const { method, loss } = open(session, { queue: 2 * BATCH });
    const others = [...session.variables.values()].filter((variable) => !method.trained.includes(variable));
    t.is(others.length, 2);
    const reach = session.compile('reach', (inputs: Record<string, Tensor>) => {
      const { gradients } = differentiate(() => ({ loss: loss(inputs).loss, aux: {} }), others, true);
      t.deepEqual(gradients, []);
      return {};
    });
    await reach({ global: crops(2, 'global'), queue: 1 });
  });
});

test('a training step: prototypes of unit length, that stand still while they are frozen', async (t) => {
  const tiny = { prototypes: 10, projection: [6, 4], queue: 2 * SMALL_BATCH };
  for (const optimizer of [{ name: 'sgd', weightDecay: 0.1 }, { name: 'adam' }]) {
    await withSession(async (session) => {
      const trainer = smallPretrainer(session, optimizer, {
        crops: { global: 2, local: 0 },
        build: (context) => swav.build({ ...context, options: swav.options.parse(tiny) }),
      });
      t.deepEqual(Object.keys(trainer.method.networks), ['student']);
      const step = async (number: number, prototypes: number) => {
        const batch = noiseBatch(number, { global: 2, local: 0 });
        const metrics = await trainer.step(batch, number, { rate: 0.1, prototypes, queue: 1 });
        t.true(metrics.loss > 0 && metrics.teacherEntropy > 0 && metrics.teacherEntropy < Math.log(10));
        return session.save();
      };
      const start = await session.save();
      const frozen = await step(0, 0);
      const directions = (saved: typeof start) => plain(saved['ssl/prototypes/rows']);
      close(t, directions(frozen), directions(start), 1e-6, 'frozen prototypes');
      t.notDeepEqual(frozen['ssl/projection/layer2/weight'], start['ssl/projection/layer2/weight']);
      const learned = await step(1, 1);
      t.notDeepEqual(directions(learned), directions(frozen));
      for (const saved of [start, frozen, learned]) {
        close(t, lengths(saved['ssl/prototypes/rows']), Array(10).fill(1), 1e-6, 'lengths');
      }
    });
  }
});

test('the schedule: prototypes learn after the first epoch, the queue joins at the fifteenth', async (t) => {
  await withSession((session) => {
    const { method } = open(session, { queueEpochs: swav.options.parse({}).queueEpochs });
    const at = (epoch: number) => method.schedule!({ step: 0, steps: 1, epoch });
    t.deepEqual(at(0), { prototypes: 0, queue: 0 });
    t.deepEqual(at(0.99), { prototypes: 0, queue: 0 });
    t.deepEqual(at(1), { prototypes: 1, queue: 0 });
    t.deepEqual(at(14.9), { prototypes: 1, queue: 0 });
    t.deepEqual(at(15), { prototypes: 1, queue: 1 });
  });
});

test('crops that are all equal: equal shares, finite gradients', async (t) => {
  await withSession(async (session) => {
    const { method, loss } = open(session, { queue: 2 * BATCH });
    const same = session.variable(
      'x',
      [2 * BATCH, 1, SIZE],
      float32(new Float32Array(2 * BATCH * SIZE).fill(1), [2 * BATCH, 1, SIZE]),
    );
    const run = session.compile('run', ({ queue }: Record<string, Tensor>) => {
      const forward = () => ({ loss: loss({ global: same.read(), queue }).loss, aux: {} });
      const { loss: value, gradients } = differentiate(forward, [same, ...method.trained]);
      return { value, dx: gradients[0].gradient, dPrototypes: gradients[1].gradient };
    });
    for (let step = 0; step < 4; step++) {
      const { value, dx, dPrototypes } = await run({ queue: 1 });
      t.true([...plain(value), ...plain(dx), ...plain(dPrototypes)].every(Number.isFinite));
    }
  });
});

test('batches that do not fit the queue, and a batch of one, are refused in a sentence', (t) => {
  const check = (queue: number, batch: number) => swav.check!(swav.options.parse({ queue }), { batch });
  t.deepEqual(check(3840, 256), []);
  t.deepEqual(check(0, 48), []);
  t.regex(check(100, 48).join(), /^swav: .*100 rows must be a multiple of the 48 utterances.*set queue to 96/);
  t.regex(check(0, 1).join(), /^swav: .* 2 utterances.* 1.*batchSize/);
});
