import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor, int32 } from '../../src/host-tensor.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createFinetuner } from '../../src/train/finetuner.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { newRegistry } from '../helpers/recipes/run-stage.js';
import { withSession } from '../helpers/session.js';
import { CLASSES, openLoss, plain, SIZE } from '../helpers/training/open-loss.js';
import { noiseBatch, smallBackbone, smallFeatures } from '../helpers/training/small-training.js';
import { smoothLossOptions } from '../helpers/training/smooth-loss-options.js';

const all = Object.entries(smoothLossOptions).flatMap(([name, list]) => list.map((options) => ({ name, options })));

const registry = newRegistry();
const ROWS = 8;
const labels = [0, 0, 1, 1, 2, 2, 4, 4];
const x = normalTensor([ROWS, SIZE], 'x', 2);

test('every loss has options here', (t) => {
  t.deepEqual(Object.keys(smoothLossOptions).sort(), [...registry.names('loss')].sort());
});

for (const { name, options } of all) {
  const title = `${name} ${JSON.stringify(options)}`;

  test(`${title}: what it says of itself, and no margin at a share of 0`, async (t) => {
    await withSession(async (session) => {
      const plugin = await registry.load('loss', name);
      const { head, run } = openLoss(session, plugin, options);
      const none = await run({ x, labels, margin: 0 });
      const whole = await run({ x, labels });
      t.deepEqual(none.losses.shape, [ROWS]);
      close(t, plain(none.losses), plain(none.plain ?? none.losses), 1e-6, 'without margin');
      close(t, plain(whole.plain ?? whole.losses), plain(none.losses), 1e-6, 'plain, whatever the margin');
      const parsed = plugin.options.parse(options);
      const hasMargin = 'margin' in (parsed as object);
      t.is(plugin.hasMargin?.(parsed) ?? true, hasMargin);
      t.is(
        plain(whole.losses).some((loss, i) => Math.abs(loss - plain(none.losses)[i]) > 1e-3),
        hasMargin,
      );
      t.deepEqual(none.scores?.shape, plugin.scores === false ? undefined : [ROWS, CLASSES]);
      t.is(head.prototypes === undefined, plugin.scores === false);
      t.is(plugin.batch === undefined, plugin.scores !== false);
    });
  });

  test(`${title}: gradients by finite differences`, async (t) => {
    await withSession(async (session) => {
      const { variables, differentiable, load } = openLoss(session, await registry.load('loss', name), options);
      // Long vectors make the differences' step a small turn.
      await load(
        Object.fromEntries(
          Object.entries(variables).flatMap(([key, { shape }]) =>
            shape.length === 2 ? [[key, normalTensor([...shape], key, 2)]] : [],
          ),
        ),
      );
      const at = session.variable('x', [ROWS, SIZE], x);
      const parts = differentiable(at);
      await checkVariableGradients(t, session, parts.variables, { labels: int32(labels) }, parts.forward);
    });
  });

  test(`${title}: finite values and gradients where embeddings degenerate`, async (t) => {
    const comparing = (await registry.load('loss', name)).batch !== undefined;
    const near = normals(ROWS * SIZE, 'near', 1e-6);
    const embeddings: Record<string, Float32Array> = {
      zero: new Float32Array(ROWS * SIZE),
      identical: new Float32Array(ROWS * SIZE).fill(0.7),
      'nearly identical': near.map((value) => value + 0.7),
      tiny: near,
      huge: normals(ROWS * SIZE, 'huge', 300),
    };
    for (const classes of comparing ? [CLASSES] : [1, 2, CLASSES])
      await withSession(async (session) => {
        const { variables, head, load } = openLoss(session, await registry.load('loss', name), options, classes);
        const at = session.variable('x', [ROWS, SIZE], x);
        const all = [at, ...Object.values(variables)];
        const run = session.compile('run', ({ labels, margin, step }: Record<string, Tensor>) => {
          const forward = () => {
            const { losses, beside = tf.zerosLike(losses) } = head.losses(at.read(), labels, { step, margin });
            return { loss: tf.mean(tf.add(losses, beside)) as Tensor, aux: { losses } };
          };
          const { loss, aux, gradients } = differentiate(forward, all);
          const named = gradients.map(({ variable, gradient }) => [variable.name, gradient]);
          return { loss, ...aux, ...(Object.fromEntries(named) as Record<string, Tensor>) };
        });
        const own = labels.map((label) => label % classes);
        const check = async (what: string) => {
          const result: Record<string, HostTensor> = await run({ labels: int32(own), margin: 1, step: 0 });
          for (const [key, value] of Object.entries(result))
            t.true(plain(value).every(Number.isFinite), `${what}, ${classes} classes: ${key}`);
        };
        for (const [what, data] of Object.entries(embeddings)) {
          await session.load({ x: float32(data, [ROWS, SIZE]) });
          await check(what);
        }
        if (!head.prototypes) return;
        // Each embedding on its prototype, or opposite to it; and no prototypes at all.
        const flat = normals(SIZE * classes, 'prototypes');
        await load({ prototypes: float32(flat, [SIZE, classes]) });
        for (const sign of [1, -1]) {
          const data = Float32Array.from({ length: ROWS * SIZE }, (_, i) => {
            return sign * flat[(i % SIZE) * classes + own[Math.floor(i / SIZE)]];
          });
          await session.load({ x: float32(data, [ROWS, SIZE]) });
          await check(sign > 0 ? 'on the prototype' : 'opposite to the prototype');
        }
        await load({ prototypes: float32(new Float32Array(SIZE * classes), [SIZE, classes]) });
        await check('prototypes of zeros');
      });
  });

  test(`${title}: training lowers it`, async (t) => {
    await withSession(async (session) => {
      const { options: schema, build } = await registry.load('loss', name);
      const trainer = createFinetuner({
        session,
        seed: 1,
        classes: 2,
        backbone: smallBackbone,
        loss: (context) => build({ ...context, options: schema.parse(options) }),
        view: { features: smallFeatures, augmentations: [] },
        optimizer: optimizerOptions.parse({ name: 'adam' }),
      });
      const samples = { labels: Int32Array.of(0, 0, 1, 1), history: new Float32Array(4).fill(Number.NaN) };
      const batch = noiseBatch('batch', { global: 1, local: 0 });
      const losses: number[] = [];
      for (let step = 0; step < 15; step++) {
        const moment = { step, rate: 0.01, margin: 1, gate: Number.POSITIVE_INFINITY, momentum: 0 };
        losses.push((await trainer.step(batch, samples, moment)).metrics.loss);
      }
      t.true(losses.at(-1)! < 0.8 * losses[0], losses.join(' '));
    });
  });
}

for (const name of ['triplet', 'prototypical', 'angular-prototypical', 'ge2e'])
  test(`${name} refuses rows of one speaker, and rows that are no runs`, async (t) => {
    await withSession(async (session) => {
      const { run } = openLoss(session, await registry.load('loss', name), { utterancesPerSpeaker: 3 });
      for (const count of [3, 7]) {
        const batch = { x: normalTensor([count, SIZE], 'x'), labels: Array(count).fill(0) };
        const message = new RegExp(`^${count} utterances cannot be compared: the loss needs 3 of each of two speakers`);
        await t.throwsAsync(async () => run(batch), { instanceOf: UserError, message });
      }
    });
  });
