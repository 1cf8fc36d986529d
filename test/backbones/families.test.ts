import test from 'ava';
import { countingScope } from '../../src/nn/counting-scope.js';
import { testBackbone } from '../helpers/networks/backbone-tests.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';

testBackbone('xvector', { width: 8 }, { lengths: [33, 48, 9, 15] });
testBackbone('xvector', { width: 8, padding: 'same' }, { title: 'xvector with padding' });
testBackbone('ecapa-512', { width: 16 });
testBackbone(
  'ecapa-1024-glob',
  {
    width: 64,
    arrangement: 'speechbrain',
    aggregated: 24,
    squeezed: 6,
    pooling: { bottleneck: 8, norm: true, variance: 'speechbrain' },
  },
  { title: "SpeechBrain's ecapa" },
);
testBackbone('dvector', { width: 8, windowFrames: 16, hopFrames: 7 }, { lengths: [33, 48, 9, 16] });
testBackbone('ecapa-1024-glob', { width: 64, embeddingNorm: 'affine', pooling: { bottleneck: 8 } });

async function parameters(name: string, options: Record<string, unknown> = {}, bins = 80): Promise<number> {
  const { scope, count } = countingScope();
  (await backboneOf(name, options, bins))(scope);
  return count();
}

test('parameters are those of the published networks', async (t) => {
  t.is(await parameters('xvector', {}, 40), 4_508_124);
  t.is(await parameters('xvector'), 4_610_524);
  t.is(await parameters('ecapa-512'), 5_797_504);
  t.is(await parameters('ecapa-1024'), 14_263_872);
  t.is(await parameters('ecapa-512-glob'), 6_190_720);
  t.is(await parameters('ecapa-1024-glob'), 14_657_088);
  t.is(await parameters('campplus'), 7_176_224);
  // Without the second bias of every layer, which is added to the first: 3,072.
  t.is(await parameters('dvector', {}, 40), 1_423_616 - 3_072);

  t.is(await parameters('repvgg-a0'), 6_833_792);
  // Without the biases in front of normalisations, which cancel them: 2,080, 2,840 and 7,360.
  t.is(await parameters('eres2net'), 6_610_688 - 2_080);
  t.is(await parameters('eres2net-v2'), 17_859_632 - 2_840);
  t.is(await parameters('eres2net-huge'), 55_165_024 - 7_360);
});

test('repvgg-a0 has the published number of parameters when it is fused', async (t) => {
  const { scope, shapes } = countingScope();
  (await backboneOf('repvgg-a0'))(scope);
  const kernels = [...shapes()].filter(([name]) => /conv3.weight|embedding/.test(name)).map(([, shape]) => shape);
  const biases = kernels.map((shape) => (shape.length === 4 ? shape[3] : 0));
  t.is(
    [...kernels.map((shape) => shape.reduce((a, b) => a * b)), ...biases].reduce((a, b) => a + b),
    6_264_352,
  );
});

test('width scales every part', async (t) => {
  for (const [name, width] of [
    ['xvector', 512],
    ['ecapa-512', 512],
    ['campplus', 128],
    ['repvgg-a0', 32],
  ] as const) {
    const [whole, half] = [await parameters(name), await parameters(name, { width: width / 2 })];
    t.true(half < 0.45 * whole && half > 0.25 * whole, `${name}: ${half} of ${whole}`);
  }
});
