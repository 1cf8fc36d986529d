import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor, sizeOf } from '../../src/host-tensor.js';
import { type ProjectionOptions, projectionHead } from '../../src/nn/projection-head.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { naiveMatMul } from '../helpers/oracles/naive-array.js';
import { naiveBatchNorm } from '../helpers/oracles/naive-batch-norm.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [ROWS, INPUTS] = [7, 5];
type Options = Omit<ProjectionOptions, 'inputs'>;
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

/** A head with every weight drawn anew, its value on `x` and the weights that it has. */
async function open(session: Session, options: Options) {
  const scope = createScope(session, 'head', 1);
  const head = projectionHead(scope, { inputs: INPUTS, ...options });
  const weights: Record<string, HostTensor> = {};
  for (const { name, shape } of scope.params()) weights[name] = float32(normals(sizeOf(shape), name, 0.8), shape);
  await session.load(weights);
  const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({ y: head(x) }));
  return { scope, head, weights, run };
}

const cases: { name: string; options: Options; weights: string[] }[] = [
  { name: 'no layer: the identity', options: { sizes: [] }, weights: [] },
  {
    name: 'two layers without normalisation',
    options: { sizes: [6, 4], norm: false },
    weights: ['layer1/weight', 'layer1/bias', 'layer2/weight', 'layer2/bias'],
  },
  {
    name: 'a normalisation between the layers',
    options: { sizes: [6, 4] },
    weights: ['layer1/weight', 'layer1/norm/scale', 'layer1/norm/offset', 'layer2/weight', 'layer2/bias'],
  },
  {
    name: 'normalisations everywhere, the last without weights',
    options: { sizes: [6, 4], lastNorm: 'plain' },
    weights: ['layer1/weight', 'layer1/norm/scale', 'layer1/norm/offset', 'layer2/weight'],
  },
  {
    name: 'a last normalisation only, with weights',
    options: { sizes: [4], norm: false, lastNorm: 'affine' },
    weights: ['layer1/weight', 'layer1/norm/scale', 'layer1/norm/offset'],
  },
];

for (const { name, options, weights: expected } of cases) {
  test(`${name}: as plain loops`, async (t) => {
    await withSession(async (session) => {
      const { scope, run, weights } = await open(session, options);
      t.deepEqual(
        scope.params().map((variable) => variable.name),
        expected.map((weight) => `head/${weight}`),
      );
      const x = normals(ROWS * INPUTS, 'x');
      let [y, size]: [Float64Array, number] = [Float64Array.from(x), INPUTS];
      options.sizes.forEach((outputs, i) => {
        const value = (key: string) => weights[`head/layer${i + 1}/${key}`];
        const bias = value('bias') ? plain(value('bias')) : new Float32Array(outputs);
        y = Float64Array.from(
          naiveMatMul(ROWS, size, outputs, y, plain(value('weight'))),
          (v, j) => v + bias[j % outputs],
        );
        const last = i === options.sizes.length - 1;
        const scale = value('norm/scale') ? plain(value('norm/scale')) : new Float32Array(outputs).fill(1);
        const offset = value('norm/offset') ? plain(value('norm/offset')) : new Float32Array(outputs);
        if (last ? options.lastNorm : (options.norm ?? true))
          y = Float64Array.from(naiveBatchNorm(outputs, y, scale, offset, y, 1e-5).y);
        if (!last) y = y.map((v) => Math.max(v, 0));
        size = outputs;
      });
      close(t, plain((await run({ x: float32(x, [ROWS, INPUTS]) })).y), y, 1e-5);
    });
  });
}

test('another activation, and gradients in every weight', async (t) => {
  await withSession(async (session) => {
    const x = session.variable('x', [ROWS, INPUTS], normalTensor([ROWS, INPUTS], 'x'));
    const activation = (value: Tensor): Tensor => tf.tanh(value);
    const { scope, head } = await open(session, { sizes: [6, 6, 4], lastNorm: 'affine', activation });
    await checkVariableGradients(t, session, [x, ...scope.params()], {}, () => head(x.read()));
  });
});
