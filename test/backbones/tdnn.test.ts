import test from 'ava';
import { countingScope } from '../../src/nn/counting-scope.js';
import { testBackbone } from '../helpers/networks/backbone-tests.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';

testBackbone('tdnn', { width: 8 });
testBackbone('tdnn', { width: 8, pooling: 'tstp', embeddingNorm: false }, { title: 'tdnn with statistics pooling' });
testBackbone('tdnn', { width: 8, levels: [0, 1, 3] }, { title: 'tdnn with levels' });

const [bins, width, embeddingSize, hidden] = [80, 48, 32, 128];
const counted = async (options: Record<string, unknown>) => {
  const counting = countingScope();
  (await backboneOf('tdnn', { width, embeddingSize, ...options }, bins))(counting.scope);
  return counting;
};

test('the parameters of tdnn follow from its layers', async (t) => {
  const count = async (options: Record<string, unknown>) => (await counted(options)).count();
  const convolutions = 5 * bins * width + 3 * (3 * width * width) + 4 * 2 * width;
  const rest = 2 * (2 * width) + 2 * width * embeddingSize;
  const attention = (width + 1) * hidden + 2 * hidden + (hidden + 1) * width;
  t.is(await count({ pooling: 'tstp' }), convolutions + rest);
  t.is(await count({ pooling: 'tstp', embeddingNorm: false }), convolutions + rest + embeddingSize);
  t.is(await count({}), convolutions + attention + rest);
  const levels = (bins + 2 * width) * (embeddingSize + 2);
  t.is(await count({ levels: [0, 2] }), convolutions + attention + rest + levels);
});

test('the names that poolings had before they were plugins still work', async (t) => {
  const shapes = async (pooling: unknown) => [...(await counted({ pooling })).shapes()];
  t.deepEqual(await shapes('attentive'), await shapes({ name: 'astp', norm: true }));
  t.deepEqual(await shapes('statistics'), await shapes('tstp'));
  const names = (await shapes('attentive')).map(([name]) => name).filter((name) => name.startsWith('pooling/'));
  t.deepEqual(names, [
    'pooling/inner/weight',
    'pooling/inner/bias',
    'pooling/norm/scale',
    'pooling/norm/offset',
    'pooling/norm/mean',
    'pooling/norm/variance',
    'pooling/outer/weight',
    'pooling/outer/bias',
  ]);
});
