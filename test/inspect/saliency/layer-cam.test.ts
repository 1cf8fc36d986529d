import test from 'ava';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32, type HostTensor } from '../../../src/host-tensor.js';
import { layerCam, salientLayers } from '../../../src/inspect/saliency/layer-cam.js';
import type { Backbone } from '../../../src/nn/backbone.js';
import { createScope } from '../../../src/nn/scope.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const values = ({ data }: HostTensor) => Array.from(data as Float32Array);
const moved = (tensor: HostTensor, at: number, by: number): HostTensor => {
  const data = Float32Array.from(tensor.data as Float32Array);
  data[at] += by;
  return float32(data, tensor.shape);
};

/** The slope of `f` in each number of `x`, by central differences. */
async function slopes(f: (x: HostTensor) => Promise<number>, x: HostTensor, places: readonly number[], step: number) {
  const found: number[] = [];
  for (const at of places) found.push(((await f(moved(x, at, step))) - (await f(moved(x, at, -step)))) / (2 * step));
  return found;
}

test('the saliency of a map is the formula, with gradients by finite differences', async (t) => {
  await withSession(async (session) => {
    const [time, rows, channels] = [5, 3, 4];
    const weights = normalTensor([channels, channels], 'weights');
    const last = normalTensor([channels, 6], 'last');
    const reference = normalTensor([1, 6], 'reference');
    const input = normalTensor([1, time, rows], 'input');
    const kernel = normalTensor([1, channels], 'kernel');
    /** What a network does behind its map. */
    const tail = (map: Tensor, parts: Record<string, Tensor>): Tensor => {
      const hidden = tf.tanh(tf.matMul(tf.reshape(map, [time * rows, channels]), parts.weights));
      return tf.matMul(tf.mean(hidden, 0, true), parts.last) as Tensor;
    };
    const scoreOf = (embedding: Tensor, other: Tensor) =>
      tf.div(tf.sum(tf.mul(embedding, other)), tf.norm(embedding)) as Tensor;
    const fed = { weights, last, reference };
    const explain = session.compile('explain', ({ input: x, kernel: k, ...parts }: Record<string, Tensor>) => {
      let map: Tensor | undefined;
      const backbone: Backbone = {
        embeddingSize: 6,
        maps: ['map'],
        embed(features, pass) {
          map = tf.tanh(tf.mul(tf.expandDims(features, 3), tf.reshape(k, [1, 1, 1, channels]))) as Tensor;
          pass.tapMap?.('map', map);
          return tail(map, parts);
        },
      };
      const cam = layerCam(backbone, 'map', x, (embedding) => scoreOf(embedding, parts.reference));
      return { ...cam, map: tf.mul(map!, 1) as Tensor };
    });
    const { saliency, map, score } = await explain({ input, kernel, ...fed });
    const behind = session.compile('behind', ({ map: x, ...parts }: Record<string, Tensor>) => ({
      score: scoreOf(tail(x, parts), parts.reference),
    }));
    const scored = async (x: HostTensor) => values((await behind({ map: x, ...fed })).score)[0];
    t.true(Math.abs((await scored(map)) - values(score)[0]) < 1e-5);
    t.deepEqual(saliency.shape, [time, rows]);
    const gradients = await slopes(scored, map, [...values(map).keys()], 0.03);
    const expected = Array.from({ length: time * rows }, (_, place) => {
      let sum = 0;
      for (let k = place * channels; k < (place + 1) * channels; k++) sum += Math.max(0, gradients[k]) * values(map)[k];
      return Math.max(0, sum);
    });
    const largest = Math.max(...expected);
    t.true(largest > 0.01 && expected.some((value) => value === 0), 'some places speak for the score, and some do not');
    for (const [place, value] of values(saliency).entries())
      t.true(Math.abs(value - expected[place]) < 0.02 * largest, `${place}: ${value} and ${expected[place]}`);
  });
});

test('saliency of the features of a network has the size of the finite differences where it is largest, and their sign', async (t) => {
  const build = await backboneOf('tdnn', { width: 6, embeddingSize: 5, embeddingNorm: false }, 8);
  await withSession(async (session) => {
    const network = build(createScope(session, 'network', 4));
    t.deepEqual(salientLayers(network), ['features', 'layer1', 'layer2', 'layer3', 'layer4', 'frames']);
    const input = normalTensor([1, 20, 8], 'features');
    const reference = normalTensor([1, 5], 'reference');
    const cosine = (embedding: Tensor, other: Tensor) =>
      tf.div(tf.sum(tf.mul(embedding, other)), tf.mul(tf.norm(embedding), tf.norm(other))) as Tensor;
    const camOf = (layer: string) =>
      session.compile(`cam-${layer}`, ({ x, other }: Record<string, Tensor>) => ({
        ...layerCam(network, layer, x, (embedding) => cosine(embedding, other)),
      }));
    const forward = session.compile('forward', ({ x, other }: Record<string, Tensor>) => ({
      score: cosine(network.embed(x, { training: false }), other),
    }));
    const { saliency } = await camOf('features')({ x: input, other: reference });
    const map = values(saliency);
    const strongest = [...map.keys()].sort((a, b) => map[b] - map[a]).slice(0, 6);
    const scored = async (x: HostTensor) => values((await forward({ x, other: reference })).score)[0];
    const found = await slopes(scored, input, strongest, 0.005);
    for (const [i, place] of strongest.entries()) {
      const product = found[i] * values(input)[place];
      t.true(found[i] > 0 && map[place] > 0);
      t.true(Math.abs(map[place] - product) < 0.1 * map[strongest[0]], `${map[place]} and ${product}`);
    }
    const frames = await camOf('layer3')({ x: input, other: reference });
    t.deepEqual(frames.saliency.shape, [20, 1]);
  });
});

test('a network over maps names its stages, whose maps shrink with their strides, in groups that are recomputed, too', async (t) => {
  const build = await backboneOf('resnet18', { width: 2, embeddingSize: 4, checkpointing: 3 }, 16);
  await withSession(async (session) => {
    const network = build(createScope(session, 'network', 4));
    t.deepEqual(network.maps, ['stage1', 'stage2', 'stage3', 'stage4']);
    const explain = session.compile('explain', ({ x }: Record<string, Tensor>) => {
      const cam = layerCam(network, 'stage2', x, (embedding) => tf.sum(embedding) as Tensor);
      return { ...cam, plain: network.embed(x, { training: false }) };
    });
    const { saliency, score, plain } = await explain({ x: normalTensor([1, 24, 16], 'x') });
    t.deepEqual(saliency.shape, [12, 8]);
    t.true(values(saliency).every((value) => value >= 0) && values(saliency).some((value) => value > 0));
    const sum = values(plain).reduce((a, b) => a + b);
    t.true(Math.abs(values(score)[0] - sum) < 1e-4 * Math.max(1, Math.abs(sum)));
  });
});
