import test from 'ava';
import { featureDefinition } from '../../src/audio/features/features.js';
import { measureNetwork } from '../../src/embed/network-size.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { depthwiseConvLayer } from '../../src/nn/conv.js';
import { createScope } from '../../src/nn/scope.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const BINS = 16;
const features = featureDefinition.parse({ bins: BINS });

test('multiply-adds of an x-vector are those of its layers, frame by frame, whatever its features take', async (t) => {
  const [w, last, e] = [8, 10, 6];
  const build = await backboneOf('xvector', { width: w, lastWidth: last, embeddingSize: e }, BINS);
  // 32 frames: unpadded convolutions give 28, 24, 18, 18 and 18.
  const seconds = (31 * 160 + 400) / 16000;
  const size = await withSession((session) => measureNetwork(session, build, features, seconds));
  const frames = 28 * 5 * BINS * w + 24 * 3 * w * w + 18 * 3 * w * w + 18 * w * w + 18 * w * last;
  t.true(Math.abs(size.macsPerSecond * seconds - (frames + 2 * last * e + e * e)) < 1e-3);
  const weights = 5 * BINS * w + w + 2 * (3 * w * w + w) + w * w + w + w * last + last + 2 * last * e + e + e * e + e;
  t.is(size.parameters, weights);
  // Mean and variance of six normalisations.
  t.is(size.weightBytes, 4 * (weights + 2 * (4 * w + last + e)));
  // Samples and weights live at once.
  t.true(size.peakBytes > size.weightBytes + 4 * 16000 * seconds);
  t.true(size.realTimeFactor > 0 && size.realTimeFactor < 1);
});

test('multiply-adds of products in batches and of convolutions of each channel by itself', async (t) => {
  await withSession((session) => {
    const conv = depthwiseConvLayer(createScope(session, 'conv', 1), 5);
    const products = session.compile('products', ({ x }: Record<string, Tensor>) => ({
      y: tf.matMul(x, tf.mul(x, 2), true, false),
      z: tf.add(x, 1),
    }));
    t.is(products.multiplyAdds({ x: normalTensor([2, 3, 4], 'x') }), 2 * 4 * 4 * 3);
    const depthwise = session.compile('depthwise', ({ x }: Record<string, Tensor>) => ({ y: conv(x) }));
    t.is(depthwise.multiplyAdds({ x: normalTensor([2, 6, 7, 5], 'x') }), 2 * 6 * 7 * 5 * 9);
  });
});
