import test from 'ava';
import { featureDefinition } from '../../src/audio/features/features.js';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import type { HostTensor } from '../../src/host-tensor.js';
import aamSoftmax from '../../src/losses/aam-softmax.js';
import { createScope } from '../../src/nn/scope.js';
import { layerOutputs } from '../../src/nn/taps.js';
import { optimizerOptions } from '../../src/optim/optimizer.js';
import { createFinetuner } from '../../src/train/finetuner.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { BATCH, noiseBatch } from '../helpers/training/small-training.js';

const BINS = 400;
const SMALL = {
  layers: 2,
  width: 8,
  heads: 2,
  feedForward: 12,
  convChannels: 6,
  positionKernel: 4,
  positionGroups: 2,
  embeddingSize: 5,
};
const values = ({ data }: HostTensor) => Array.from(data as Float32Array);
const softmax = (x: number[]) => {
  const exps = x.map(Math.exp);
  const total = exps.reduce((a, b) => a + b);
  return exps.map((value) => value / total);
};

/** A network with drawn weights, its layers and embedding of `frames` frames of noise, and its weights. */
async function outputsOf(session: Session, name: string, options: object, frames: number) {
  const scope = createScope(session, 'network', 1);
  const backbone = (await backboneOf(name, { ...SMALL, ...options }, BINS))(scope);
  const names = scope.params().map((variable) => variable.name);
  const drawn = await session.save(names);
  // Weights of layers that begin as nothing are given numbers.
  const sums = names.filter((each) => /(keys|values|sum)\/weights$/.test(each));
  await session.load(Object.fromEntries(sums.map((each) => [each, normalTensor(drawn[each].shape, each)])));
  const forward = session.compile('forward', ({ x }: Record<string, Tensor>) =>
    Object.fromEntries(layerOutputs(backbone, x, { training: false })),
  );
  const outputs = await forward({ x: normalTensor([1, frames, BINS], 'wave', 0.1) });
  return { outputs, weights: await session.save(names), names };
}

test('multi-head factorised attentive pooling is the formula of the paper', async (t) => {
  await withSession(async (session) => {
    const [frames, heads, narrow] = [3, 2, 4];
    const { outputs, weights } = await outputsOf(
      session,
      'hubert',
      { head: 'mhfa', mhfaHeads: heads, mhfaSize: narrow },
      frames,
    );
    const of = (name: string) => values(weights[`network/${name}`]);
    const layers = [0, 1, 2].map((i) => values(outputs[`layer${i}`]));
    const { width, embeddingSize } = SMALL;
    const affine = (row: number[], name: string, size: number) => {
      const [w, b] = [of(`${name}/weight`), of(`${name}/bias`)];
      return Array.from({ length: size }, (_, o) => row.reduce((sum, value, i) => sum + value * w[i * size + o], b[o]));
    };
    const narrowed = (kind: string) => {
      const shares = softmax(of(`mhfa/${kind}/weights`));
      return Array.from({ length: frames }, (_, f) => {
        const row = Array.from({ length: width }, (_, k) =>
          layers.reduce((sum, x, l) => sum + shares[l] * x[f * width + k], 0),
        );
        return affine(row, `mhfa/${kind}/compress`, narrow);
      });
    };
    const [keys, found] = [narrowed('keys'), narrowed('values')];
    const scores = keys.map((key) => affine(key, 'mhfa/heads', heads));
    const pooled: number[] = [];
    for (let h = 0; h < heads; h++) {
      const attention = softmax(scores.map((row) => row[h]));
      for (let k = 0; k < narrow; k++) pooled.push(attention.reduce((sum, a, f) => sum + a * found[f][k], 0));
    }
    const expected = affine(pooled, 'embedding', embeddingSize);
    for (const [i, value] of values(outputs.embedding).entries())
      t.true(Math.abs(value - expected[i]) < 1e-4, `${value} and ${expected[i]}`);
    t.true(Math.max(...expected.map(Math.abs)) > 0.01);
  });
});

test('a weighted sum of the layers is pooled, and adapters begin as nothing', async (t) => {
  const run = (options: object) =>
    withSession((session) =>
      outputsOf(session, 'wavlm', { buckets: 8, maxDistance: 6, pooling: 'tap', ...options }, 4),
    );
  const { outputs, weights } = await run({});
  const shares = softmax(values(weights['network/sum/weights']));
  t.true(Math.abs(shares[0] - shares[1]) > 0.05);
  const layers = [0, 1, 2].map((i) => values(outputs[`layer${i}`]));
  const pooled = values(outputs.pooled);
  pooled.forEach((value, k) => {
    let mean = 0;
    for (let f = 0; f < 4; f++) for (const [l, x] of layers.entries()) mean += (shares[l] * x[f * SMALL.width + k]) / 4;
    t.true(Math.abs(value - mean) < 1e-5);
  });
  const adapted = await run({ adapter: 3 });
  t.is(adapted.names.filter((name) => name.includes('/adapters/')).length, 8);
  t.deepEqual(values(adapted.outputs.embedding), values(outputs.embedding));
});

test('features that are no waveform, and sizes that do not divide, are refused', async (t) => {
  const fault = async (options: object, bins = BINS) => {
    const build = await backboneOf('wav2vec2', { ...SMALL, ...options }, bins);
    return withSession(
      (session) => t.throws(() => build(createScope(session, 'x', 1)), { instanceOf: UserError })!.message,
    );
  };
  t.regex(await fault({}, 80), /hears the waveform in frames of 400 samples, and the features have 80 bins/);
  t.regex(await fault({ heads: 3 }), /8 channels cannot be split among 3 heads/);
});

test('a frozen encoder keeps its weights and takes less memory; adapters and head learn', async (t) => {
  const backbone = await backboneOf(
    'wavlm',
    { ...SMALL, buckets: 8, maxDistance: 6, adapter: 3, pooling: 'tstp' },
    BINS,
  );
  const features = featureDefinition.parse({ frontEnd: 'waveform', bins: BINS, frameLengthMs: 25, frameShiftMs: 20 });
  const moment = { step: 0, rate: 0.01, margin: 1, gate: Number.POSITIVE_INFINITY, momentum: 0 };
  const samples = { labels: Int32Array.of(0, 1, 2, 1), history: new Float32Array(BATCH) };
  const batch = noiseBatch('crops', { global: 1, local: 0 });
  /** Names of the weights that a step moves, and the bytes that it takes at once. */
  const tune = (parts: string[]) =>
    withSession(async (session) => {
      const finetuner = createFinetuner({
        session,
        seed: 1,
        classes: 3,
        backbone,
        optimizer: optimizerOptions.parse({ name: 'adam' }),
        loss: (context) => aamSoftmax.build({ ...context, options: aamSoftmax.options.parse({ margin: 0 }) }),
        view: { features, augmentations: [] },
        freeze: parts.length > 0 ? { parts } : undefined,
      });
      const [{ compiled, inputs }] = finetuner.functions(batch, samples, moment);
      const { peakBytes: bytes } = compiled.predict(inputs);
      const before = await session.save();
      await finetuner.step(batch, samples, moment);
      const after = await session.save();
      const moved = Object.keys(before).filter(
        (name) => name.startsWith('network/') && values(before[name]).join() !== values(after[name]).join(),
      );
      return { bytes, moved };
    });
  const encoder = 'network/backbone/encoder/*';
  const [all, adapted, head] = [
    await tune([]),
    await tune([encoder]),
    await tune([encoder, 'network/backbone/adapters/*']),
  ];
  const inside = (moved: string[], part: string) =>
    moved.filter((name) => name.startsWith(`network/backbone/${part}/`)).length;
  t.true(inside(all.moved, 'encoder') > 40);
  t.deepEqual(
    [inside(adapted.moved, 'encoder'), inside(head.moved, 'encoder'), inside(head.moved, 'adapters')],
    [0, 0, 0],
  );
  t.true(
    inside(adapted.moved, 'adapters') >= 4 && inside(head.moved, 'sum') === 1 && inside(head.moved, 'embedding') === 2,
  );
  t.true(head.bytes < adapted.bytes && adapted.bytes < all.bytes, `${head.bytes}, ${adapted.bytes}, ${all.bytes}`);
});
