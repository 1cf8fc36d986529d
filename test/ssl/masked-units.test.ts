import test from 'ava';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import type { Backbone } from '../../src/nn/backbone.js';
import type { PretrainParts } from '../../src/train/pretrainer.js';
import maskedUnits from '../../ssl/masked-units.js';
import { heardFrames, movedCentres, nearestUnits, spansFrom } from '../../ssl/parts/units.js';
import { close } from '../helpers/close.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, smallPretrainer } from '../helpers/training/small-training.js';
import { sslContext } from '../helpers/training/ssl-parts.js';

const values = ({ data }: HostTensor): number[] => Array.from(data as ArrayLike<number>, Number);
const rowsOf = (tensor: HostTensor, size: number) => {
  const all = values(tensor);
  return Array.from({ length: all.length / size }, (_, i) => all.slice(i * size, (i + 1) * size));
};
const distance = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + (value - b[k]) ** 2, 0);
const nearest = (row: number[], centres: number[][]) => {
  const all = centres.map((centre) => distance(row, centre));
  return all.indexOf(Math.min(...all));
};
const unitLength = (row: number[]) => row.map((value) => value / Math.hypot(...row));

test('centres move to the mean of the frames that were nearest to them so far', async (t) => {
  await withSession(async (session) => {
    const [units, size] = [3, 2];
    const run = session.compile('move', ({ frames, centres, counts }: Record<string, Tensor>) => {
      const moved = movedCentres(frames, { centres, counts });
      return { ...moved, nearest: nearestUnits(frames, centres) };
    });
    const [frames, centres] = [normalTensor([20, size], 'frames'), normalTensor([units, size], 'centres')];
    const counts = [4, 0, 10];
    const outputs = await run({ frames, centres, counts: float32(Float32Array.from(counts)) });
    const [rows, old] = [rowsOf(frames, size), rowsOf(centres, size)];
    const labels = rows.map((row) => nearest(row, old));
    t.deepEqual(values(outputs.nearest), labels);
    const expected = old.map((centre, c) => {
      const own = rows.filter((_, i) => labels[i] === c);
      const total = Math.max(1, counts[c] + own.length);
      return centre.map((value, k) => (value * (total - own.length) + own.reduce((s, row) => s + row[k], 0)) / total);
    });
    close(t, values(outputs.centres), expected.flat(), 1e-5);
    close(
      t,
      values(outputs.counts),
      counts.map((count, c) => count + labels.filter((label) => label === c).length),
      1e-6,
    );
  });
});

test('a span covers the frames from its start on, within its row', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('spans', ({ starts }: Record<string, Tensor>) => ({ covered: spansFrom(starts, 3) }));
    const starts = float32(Float32Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1), [2, 6]);
    t.deepEqual(values((await run({ starts })).covered), [0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1]);
  });
});

test('the bands of a waveform tell a low tone from a high one', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('bands', ({ x }: Record<string, Tensor>) => ({ bands: heardFrames(x) }));
    const tone = (hz: number) => Array.from({ length: 400 }, (_, i) => Math.sin((2 * Math.PI * hz * i) / 16000));
    const { bands } = await run({ x: float32(Float32Array.from(tone(300).concat(tone(5000))), [1, 2, 400]) });
    const [low, high] = rowsOf(bands, 24).map((row) => row.indexOf(Math.max(...row)));
    t.true(low < 8 && high > 16, `${low} and ${high}`);
  });
});

test('the loss is the cross-entropy of the units of masked frames, by cosines', async (t) => {
  const [rows, frames, bins, units, size] = [2, 5, 3, 4, 6];
  /** Frames as they are; the embedding is their mean. */
  const backbone = (): Backbone => ({
    embeddingSize: bins,
    layers: { frames: { size: bins, of: 'frames' } },
    embed(features, pass) {
      pass.tap?.('frames', features);
      return tf.mean(features, 1);
    },
  });
  await withSession(async (session) => {
    // Everything is masked.
    const options = maskedUnits.options.parse({ units, startShare: 1, projectionSize: size, temperature: 0.5 });
    const method = maskedUnits.build({ ...sslContext(session, 1, backbone, bins), options });
    const centres = normalTensor([units, bins], 'centres');
    await session.load({ 'ssl/units/centres': centres });
    const global = normalTensor([rows, frames, bins], 'global');
    const run = session.compile('run', ({ global: x, ...schedule }: Record<string, Tensor>) => {
      const { loss, metrics } = method.loss({ batch: rows, global: x, local: null }, schedule);
      return { loss, ...metrics };
    });
    const outputs: Record<string, HostTensor> = await run({ global, step: 500, first: 0, learning: 0 });
    const weights = await session.save();
    const of = (name: string) => values(weights[`ssl/prediction/${name}`]);
    const product = (row: number[], matrix: number[], bias?: number[]) =>
      Array.from({ length: size }, (_, o) => row.reduce((s, v, k) => s + v * matrix[k * size + o], bias?.[o] ?? 0));
    const mask = of('mask');
    const [fromFrames, fromEmbedding] = [
      product(mask, of('frames/weight'), of('frames/bias')),
      product(mask, of('embedding/weight')),
    ];
    const prediction = unitLength(fromFrames.map((value, k) => value + fromEmbedding[k]));
    const vectors = rowsOf(weights['ssl/prediction/units'], size).map(unitLength);
    const scores = vectors.map((vector) => vector.reduce((s, v, k) => s + v * prediction[k], 0) / 0.5);
    const total = scores.reduce((s, v) => s + Math.exp(v), 0);
    const labels = rowsOf(global, bins).map((row) => nearest(row, rowsOf(centres, bins)));
    t.true(new Set(labels).size > 1);
    const expected = labels.reduce((s, label) => s - scores[label] + Math.log(total), 0) / labels.length;
    close(t, values(outputs.loss), [expected], 1e-5);
    t.deepEqual(values(outputs.maskedShare), [1]);
    const best = scores.indexOf(Math.max(...scores));
    close(t, values(outputs.maskedAccuracy), [labels.filter((label) => label === best).length / labels.length], 1e-6);
    t.deepEqual(values((await session.save(['ssl/units/centres']))['ssl/units/centres']), values(centres));
  });
});

test('while units are learned, frames are labelled by the centres that the step begins with', async (t) => {
  const [rows, frames, bins, units] = [2, 6, 2, 3];
  // Predicts nothing of its input: what is left of the loss tells which units the frames had.
  const backbone = (): Backbone => ({
    embeddingSize: bins,
    layers: { frames: { size: bins, of: 'frames' } },
    embed(features, pass) {
      pass.tap?.('frames', features);
      return tf.mean(features, 1);
    },
  });
  const lossOf = (learning: number) =>
    withSession(async (session) => {
      const options = maskedUnits.options.parse({ units, startShare: 1, projectionSize: 4 });
      const method = maskedUnits.build({ ...sslContext(session, 1, backbone, bins), options });
      const centres = normalTensor([units, bins], 'centres');
      await session.load({ 'ssl/units/centres': centres });
      const run = session.compile('run', ({ global, ...schedule }: Record<string, Tensor>) => {
        const { loss } = method.loss({ batch: rows, global, local: null }, schedule);
        return { loss };
      });
      const { loss } = await run({ global: normalTensor([rows, frames, bins], 'x'), step: 3, first: 0, learning });
      const after = (await session.save(['ssl/units/centres']))['ssl/units/centres'];
      return { loss: values(loss)[0], moved: distance(values(after), values(centres)) };
    });
  const [still, learning] = [await lossOf(0), await lossOf(1)];
  t.is(still.moved, 0);
  t.true(learning.moved > 0.1);
  t.is(learning.loss, still.loss);
});

test('units learned in micro-batches are those of the whole batch, from the first update on', async (t) => {
  const options = maskedUnits.options.parse({ units: 3, projectionSize: 4 });
  const crops = { global: 1, local: 0 };
  const build: PretrainParts['build'] = (context) => maskedUnits.build({ ...context, options });
  /** Centres and counts after each of two updates. */
  const learned = (accumulate: number) =>
    withSession(async (session) => {
      const { step } = smallPretrainer(session, {}, { accumulate, crops, build });
      const after: number[][] = [];
      for (let i = 0; i < 2; i++) {
        await step(noiseBatch(i, crops), i, { rate: 0, step: i, first: i === 0 ? 1 : 0, learning: 1 });
        const saved = await session.save(['ssl/units/centres', 'ssl/units/counts']);
        after.push(...Object.values(saved).map(values));
      }
      return after;
    });
  const [whole, parts] = [await learned(1), await learned(2)];
  whole.forEach((expected, i) => {
    close(t, parts[i], expected, 1e-4);
  });
});

test('a backbone with other frames than its features is refused', async (t) => {
  const backbone = (): Backbone => ({ embeddingSize: 3, embed: (features) => tf.mean(features, 1) });
  await withSession((session) => {
    const method = maskedUnits.build({
      ...sslContext(session, 1, backbone, 3),
      options: maskedUnits.options.parse({ units: 4 }),
    });
    const run = session.compile('run', ({ global, ...schedule }: Record<string, Tensor>) => {
      return { loss: method.loss({ batch: 2, global, local: null }, schedule).loss };
    });
    const error = t.throws(() => run.trace({ global: normalTensor([2, 5, 3], 'x'), step: 0, first: 1, learning: 1 }), {
      instanceOf: UserError,
    });
    t.regex(error!.message, /hands out no frames before its pooling/);
  });
});
