import test from 'ava';
import type { Bits, QuantizeMethod } from '../../../src/embed/quantize/codebook.js';
import { unpackBits } from '../../../src/embed/quantize/pack-bits.js';
import { type Packing, packTensor, unpackTensor } from '../../../src/embed/quantize/packed-tensor.js';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { UserError } from '../../../src/errors.js';
import { type HostTensor, sizeOf } from '../../../src/host-tensor.js';
import { createScope } from '../../../src/nn/scope.js';
import { optimizerOptions } from '../../../src/optim/optimizer.js';
import { createFinetuner } from '../../../src/train/finetuner.js';
import { layerRounding } from '../../../src/train/quantize/layer-rounding.js';
import { type BitsChoice, buildInBits } from '../../../src/train/quantize/trained-bits.js';
import { close } from '../../helpers/close.js';
import { normalTensor } from '../../helpers/random-values.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { withSession } from '../../helpers/session.js';
import { plain } from '../../helpers/training/open-loss.js';
import { BATCH, BINS, noiseBatch, smallFeatures, smallTdnn } from '../../helpers/training/small-training.js';

const KINDS: [QuantizeMethod, Bits][] = [
  ['linear', 8],
  ['linear', 2],
  ['power-of-two', 4],
  ['k-means', 4],
  ['ternary', 2],
  ['binary', 1],
];
const SHAPE = [1, 3, 4, 5];

for (const scales of ['channel', 'layer'] as const)
  test(`in training weights become what they become after it, and gradients go straight through, by ${scales}`, async (t) => {
    await withSession(async (session) => {
      for (const [method, bits] of KINDS) {
        const packing: Packing = { method, bits, scales };
        const scope = createScope(session, `${method}${bits}`, 0);
        const variable = scope.param('weight', SHAPE, 0);
        const rounding = layerRounding(scope.child('bits'), SHAPE, packing);
        const weights = normalTensor(SHAPE, method, 0.3);
        // A channel of zeros must not become NaN.
        const data = plain(weights).map((value, i) => (i % 5 === 2 ? 0 : value));
        const packed = packTensor({ ...weights, data }, packing);
        await session.load({ [variable.name]: { ...weights, data }, ...rounding.start(packed) });
        const run = session.compile(scope.path, ({ factors }: Record<string, Tensor>) => {
          const { codes } = rounding.rounded(variable);
          const read = () => ({ loss: tf.sum(tf.mul(rounding.read(variable), factors)) as Tensor, aux: {} });
          const { gradients } = differentiate(read, scope.params());
          const named = gradients.map(({ variable: { name }, gradient }) => [name, gradient]);
          return { codes, value: rounding.read(variable), ...Object.fromEntries(named) };
        });
        const factors = normalTensor(SHAPE, 'factors');
        const result = await run({ factors });
        const expected = unpackBits(packed.codes, bits, sizeOf(SHAPE));
        const zeros = (i: number) => i % 5 === 2 && method === 'binary';
        const different = [...expected].filter((code, i) => !zeros(i) && code !== result.codes.data[i]);
        t.deepEqual(different, [], `${method}: codes`);
        close(t, plain(result.value), plain(unpackTensor(packed)), 1e-6, method);
        t.deepEqual(result[variable.name].data, factors.data, `${method}: straight through`);
        const learned = result[`${scope.path}/bits/scales`];
        t.is(learned !== undefined, method === 'ternary' || method === 'binary');
        if (!learned) continue;
        const sums = new Float64Array(packed.scales.length);
        for (const [i, factor] of plain(factors).entries())
          sums[i % sums.length] += factor * packed.values[Number(result.codes.data[i])];
        close(t, plain(learned), sums, 1e-5, `${method}: gradient of the scales`);
      }
    });
  });

/** A small network in bits and the plain one, with a step of gradient descent towards given vectors. */
async function learner(session: Session, choice: BitsChoice, options: Record<string, unknown> = {}) {
  const build = await smallTdnn(options);
  const scope = createScope(session, 'network', 1);
  const { network, bits } = buildInBits(session, scope, build, choice);
  const own = createScope(session, 'plain', 2);
  const full = build(own);
  await bits.start();
  const trained = scope.params().concat(bits.scope.params());
  const step = session.compile('step', ({ x, y }: Record<string, Tensor>) => {
    const forward = () => ({
      loss: tf.mean(tf.square(tf.sub(network.embed(x, { training: true }), y))) as Tensor,
      aux: {},
    });
    const { loss, gradients } = differentiate(forward, trained);
    for (const { variable, gradient } of gradients)
      variable.assign(tf.sub(variable.read(), tf.mul(gradient, 0.1)) as Tensor);
    bits.move();
    return { loss };
  });
  const embed = session.compile('embed', ({ x }: Record<string, Tensor>) => ({
    inBits: network.embed(x, { training: false }),
    plain: full.embed(x, { training: false }),
  }));
  return { scope, own, bits, step, embed };
}

const x = normalTensor([4, 30, BINS], 'x');
const y = normalTensor([4, 6], 'y');

for (const [method, bits] of KINDS)
  test(`${method} at ${bits} bits: the loss falls, and what is packed computes what was trained, bit by bit`, async (t) => {
    await withSession(async (session) => {
      const made = await learner(session, { bits, method, keepEnds: method === 'linear' });
      const losses: number[] = [];
      for (let i = 0; i < 30; i++) losses.push(Number((await made.step({ x, y })).loss.data[0]));
      t.true(Math.min(...losses.slice(-5)) < 0.8 * losses[0], losses.join(' '));
      const { packed, kept } = await made.bits.pack();
      const names = made.scope
        .params()
        .flatMap(({ name, shape }) => (shape.length > 1 ? [name.slice('network/'.length)] : []));
      t.deepEqual([...Object.keys(packed), ...kept].sort(), names.sort());
      if (method === 'linear') t.true(kept.includes('layer1/conv/weight') && kept.includes('embedding/weight'));
      const variables = [...made.own.params(), ...made.own.buffers()];
      const values = await session.save(variables.map(({ name }) => name.replace('plain/', 'network/')));
      await session.load(
        Object.fromEntries(
          variables.map(({ name }): [string, HostTensor] => {
            const local = name.slice('plain/'.length);
            return [name, local in packed ? unpackTensor(packed[local]) : values[`network/${local}`]];
          }),
        ),
      );
      const result = await made.embed({ x });
      t.deepEqual(result.plain.data, result.inBits.data);
    });
  });

test('layers that are computed again for the backward pass are rounded there, too', async (t) => {
  const lossesWith = (checkpointing: boolean) =>
    withSession(async (session) => {
      const { step } = await learner(session, { bits: 2 }, { checkpointing });
      const losses: number[] = [];
      for (let i = 0; i < 4; i++) losses.push(Number((await step({ x, y })).loss.data[0]));
      return losses;
    });
  close(t, await lossesWith(true), await lossesWith(false), 1e-5);
});

test('a classifier is trained with its network in bits', async (t) => {
  await withSession(async (session) => {
    const loss = await newRegistry().load('loss', 'aam-softmax');
    const finetuner = createFinetuner({
      session,
      seed: 1,
      backbone: await smallTdnn(),
      classes: 3,
      loss: (context) => loss.build({ ...context, options: loss.options.parse({}) }),
      view: { features: smallFeatures, augmentations: [] },
      optimizer: optimizerOptions.parse({ name: 'adam' }),
      quantize: { bits: 1 },
    });
    await finetuner.bits!.start();
    const samples = { labels: Int32Array.of(0, 1, 2, 0), history: new Float32Array(BATCH).fill(Number.NaN) };
    const batch = noiseBatch('labelled', { global: 1, local: 0 });
    const scales = finetuner.bits!.scope.params().map(({ name }) => name);
    const before = await session.save(scales);
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) {
      const values = { step, rate: 0.02, margin: 1, gate: Number.POSITIVE_INFINITY, momentum: 0 };
      losses.push((await finetuner.step(batch, samples, values)).metrics.loss);
    }
    t.true(losses.at(-1)! < losses[0], losses.join(' '));
    const { packed } = await finetuner.bits!.pack();
    for (const name of scales) {
      const layer = name.slice('network/bits/'.length, -'/scales'.length);
      t.notDeepEqual(packed[layer].scales, before[name].data, name);
    }
  });
});

test('a network that would not get smaller is refused', async (t) => {
  await withSession(async (session) => {
    const build = await smallTdnn({ width: 2, embeddingSize: 2 });
    const scope = createScope(session, 'network', 1);
    t.throws(() => buildInBits(session, scope, build, { bits: 8, method: 'k-means', keepEnds: true }), {
      instanceOf: UserError,
      message:
        /quantize: the network would not get smaller: but for its first and last layer, .* codebook of 256 values/,
    });
  });
});
