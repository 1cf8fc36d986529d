import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { liveIn } from '../helpers/networks/backbone-session.js';
import { poolingOf } from '../helpers/networks/pooling-of.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [BATCH, FRAMES, CHANNELS] = [2, 6, 4];
const FLOOR = 1e-7;
const x = normalTensor([BATCH, FRAMES, CHANNELS], 'x');

/** The frames of a row, each the list of its channels. */
const framesOf = (row: number): number[][] =>
  Array.from({ length: FRAMES }, (_, frame) =>
    Array.from((x.data as Float32Array).subarray((row * FRAMES + frame) * CHANNELS).slice(0, CHANNELS)),
  );

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const column = (frames: number[][], channel: number): number[] => frames.map((frame) => frame[channel]);
const mean = (values: number[]): number => sum(values) / values.length;
const deviation = (values: number[]): number =>
  Math.sqrt(sum(values.map((value) => (value - mean(values)) ** 2)) / (values.length - 1) + FLOOR);

/** Mean and deviation under softmax weights over time, with `scores` one for each frame. */
function weighted(values: number[], scores: number[]): [number, number] {
  const exp = scores.map((score) => Math.exp(score));
  const average = sum(values.map((value, i) => (value * exp[i]) / sum(exp)));
  const second = sum(values.map((value, i) => (value ** 2 * exp[i]) / sum(exp)));
  return [average, Math.sqrt(Math.max(second - average ** 2, FLOOR))];
}

type Weights = Record<string, HostTensor>;

/** A linear layer by its name: frame [in] -> [out]. The bias may be absent. */
function linear(weights: Weights, name: string, input: number[]): number[] {
  const { data, shape } = weights[`p/${name}/weight`];
  const outputs = shape.at(-1)!;
  const bias = weights[`p/${name}/bias`]?.data as Float32Array | undefined;
  return Array.from({ length: outputs }, (_, o) => {
    return (bias?.[o] ?? 0) + sum(input.map((value, i) => value * (data as Float32Array)[i * outputs + o]));
  });
}

/** Pools a live pooling layer's frames and checks each row against a formula over its weights. */
function agrees(name: string, options: Record<string, unknown>, formula: (frames: number[][], w: Weights) => number[]) {
  test(`${name} ${JSON.stringify(options)} agrees with loops`, async (t) => {
    const build = await poolingOf(name, options);
    await withSession(async (session) => {
      const scope = createScope(session, 'p', 1);
      const pooling = build(scope, CHANNELS);
      await liveIn(session, scope);
      const run = session.compile('run', ({ map }: Record<string, Tensor>) => ({
        y: pooling.pool(map, { training: false }),
      }));
      const weights = session.variables.size > 0 ? await session.save() : {};
      const expected = [0, 1].flatMap((row) => formula(framesOf(row), weights));
      close(t, (await run({ map: x })).y.data as Float32Array, expected, 1e-5);
    });
  });
}

const channels = [...Array(CHANNELS).keys()];
const means = (frames: number[][]) => channels.map((channel) => mean(column(frames, channel)));
const deviations = (frames: number[][]) => channels.map((channel) => deviation(column(frames, channel)));
const tanh = (values: number[]) => values.map(Math.tanh);

/** Means of all channels, then deviations, from scores [frame][channel]. */
function attentive(frames: number[][], scores: number[][]): number[] {
  const pairs = frames[0].map((_, channel) => weighted(column(frames, channel), column(scores, channel)));
  return [...pairs.map(([average]) => average), ...pairs.map(([, spread]) => spread)];
}

agrees('tap', {}, means);
agrees('tsdp', {}, deviations);
agrees('tstp', {}, (frames) => [...means(frames), ...deviations(frames)]);

agrees('astp', { bottleneck: 5 }, (frames, w) => {
  const scores = frames.map((frame) => linear(w, 'outer', tanh(linear(w, 'inner', frame))));
  return attentive(frames, scores);
});

agrees('astp', { bottleneck: 5, globalContext: true }, (frames, w) => {
  const context = linear(w, 'context', [...means(frames), ...deviations(frames)]);
  const scores = frames.map((frame) => {
    const hidden = linear(w, 'inner', frame).map((value, i) => value + context[i]);
    return linear(w, 'outer', tanh(hidden));
  });
  return attentive(frames, scores);
});

agrees('astp', { bottleneck: 5, norm: true }, (frames, w) => {
  const statistic = (name: string, i: number) => (w[`p/norm/${name}`].data as Float32Array)[i];
  const normalised = (value: number, i: number) =>
    ((Math.max(value, 0) - statistic('mean', i)) / Math.sqrt(statistic('variance', i) + 1e-5)) * statistic('scale', i) +
    statistic('offset', i);
  const scores = frames.map((frame) => linear(w, 'outer', tanh(linear(w, 'inner', frame).map(normalised))));
  return attentive(frames, scores);
});

/** The heads of a scope, one after the other: moments of each head's part of the channels. */
function multiHead(frames: number[][], w: Weights, prefix: string, heads: number, perChannel: boolean): number[] {
  const width = CHANNELS / heads;
  return [...Array(heads).keys()].flatMap((head) => {
    const part = frames.map((frame) => frame.slice(head * width, (head + 1) * width));
    const at = `${prefix}head${head + 1}`;
    const scores = part.map((frame) => linear(w, `${at}/layer2`, tanh(linear(w, `${at}/layer1`, frame))));
    return attentive(part, perChannel ? scores : scores.map(([score]) => Array(width).fill(score)));
  });
}

agrees('mhastp', { bottleneck: 3 }, (frames, w) => multiHead(frames, w, '', 2, false));
agrees('mqmhastp', { heads: 2, bottleneck: 3 }, (frames, w) =>
  [1, 2].flatMap((query) => multiHead(frames, w, `query${query}/`, 2, true)),
);
