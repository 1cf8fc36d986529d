import test from 'ava';
import { differentiate, stopGradient } from '../../src/engine/autodiff.js';
import { gather } from '../../src/engine/gather.js';
import { DT } from '../../src/engine/graph/data-types.js';
import { gelu, relu } from '../../src/engine/ops/activations.js';
import { batchNormInference, batchNormTrain } from '../../src/engine/ops/batch-norm.js';
import { conv2d } from '../../src/engine/ops/conv2d.js';
import { softmaxCrossEntropy, sparseSoftmaxCrossEntropy } from '../../src/engine/ops/cross-entropy.js';
import { cast, dataTypeOfTensor } from '../../src/engine/raw.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor, int32, sizeOf } from '../../src/host-tensor.js';
import { createRng } from '../../src/random.js';
import { checkGradients, checkVariableGradients } from '../helpers/finite-differences.js';
import { naiveBatchNorm } from '../helpers/oracles/naive-batch-norm.js';
import { withSession } from '../helpers/session.js';

function normal(seed: string, ...shape: number[]): HostTensor {
  const rng = createRng(seed);
  return float32(
    Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
    shape,
  );
}

test('convolution, by finite differences', async (t) => {
  const values = { x: normal('x', 2, 6, 7, 3), w: normal('w', 3, 3, 3, 4) };
  await checkGradients(t, values, ({ x, w }) => conv2d(x, w, { pad: [1, 1] }));
  await checkGradients(t, values, ({ x, w }) => conv2d(x, w, { stride: [2, 2], pad: [1, 1] }));
  await checkGradients(t, values, ({ x, w }) => conv2d(x, w, { dilation: [2, 2], pad: [2, 2] }));
  const point = { x: values.x, w: normal('w', 1, 1, 3, 4) };
  await checkGradients(t, point, ({ x, w }) => conv2d(x, w, { stride: [2, 2] }));
});

test('batch normalisation, by finite differences', async (t) => {
  const values = { x: normal('x', 3, 4, 2, 5), scale: normal('scale', 5), offset: normal('offset', 5) };
  await checkGradients(t, values, ({ x, scale, offset }) => batchNormTrain(x, scale, offset, 1e-5).y);
  const [mean, variance] = [tf.tensor1d([1, 2, 3, 4, 5]), tf.tensor1d([0.5, 1, 2, 3, 4])];
  await checkGradients(t, values, ({ x, scale, offset }) => batchNormInference(x, scale, offset, mean, variance, 1e-5));
});

test('activations and cross-entropies, by finite differences', async (t) => {
  const x = normal('x', 5, 6);
  await checkGradients(t, { x }, ({ x: input }) => relu(input));
  await checkGradients(t, { x }, ({ x: input }) => gelu(input));
  const labels = int32([0, 5, 2, 2, 1]);
  await checkGradients(t, { x, labels }, (inputs) => sparseSoftmaxCrossEntropy(inputs.x, inputs.labels));
  const targets = normal('targets', 5, 6);
  await checkGradients(t, { x }, (inputs) =>
    softmaxCrossEntropy(inputs.x, tf.softmax(tf.tensor2d(targets.data as Float32Array, [5, 6]))),
  );
});

test('gather, by finite differences, on every axis', async (t) => {
  const values = { x: normal('x', 3, 4, 5), indices: int32([2, 0, 2, 1], [2, 2]) };
  for (const axis of [0, 1, 2, -1]) await checkGradients(t, values, ({ x, indices }) => gather(x, indices, axis));
  await checkGradients(t, { ...values, indices: int32(1) }, ({ x, indices }) => gather(x, indices, 1));
  // Indices made on the way.
  await checkGradients(t, { x: values.x }, ({ x }) => gather(x, tf.argMax(x, 0)));
});

test("batch normalisation gives the batch's mean and unbiased variance", async (t) => {
  const [x, scale, offset] = [normal('x', 2, 3, 4, 5), normal('scale', 5), normal('offset', 5)];
  await withSession(async (session) => {
    const fn = session.compile('fn', (inputs) => ({ ...batchNormTrain(inputs.x, inputs.scale, inputs.offset, 1e-3) }));
    const got = await fn({ x, scale, offset });
    const arrays = [x, scale, offset, x].map(({ data }) => data as Float32Array);
    const naive = naiveBatchNorm(5, arrays[0], arrays[1], arrays[2], arrays[3], 1e-3);
    for (const [name, want] of Object.entries({ y: naive.y, mean: naive.mean, variance: naive.unbiased })) {
      const values = got[name as keyof typeof got].data as Float32Array;
      t.true(
        values.every((value, i) => Math.abs(value - want[i]) < 1e-5),
        name,
      );
    }
  });
});

test('differentiate hands out loss, gradients and what else was computed', async (t) => {
  await withSession(async (session) => {
    const [v, w] = [session.variable('v', [2], float32([1, 2])), session.variable('w', [2], float32([3, 5]))];
    const fn = session.compile('fn', () => {
      const { loss, gradients, aux } = differentiate(() => {
        const product = tf.mul(v.read(), w.read());
        return { loss: tf.sum(tf.square(product)), aux: { product } };
      }, [v, w]);
      return { loss, product: aux.product, dv: gradients[0].gradient, dw: gradients[1].gradient };
    });
    t.deepEqual(await fn({}), {
      loss: float32(109),
      product: float32([3, 10]),
      dv: float32([18, 100]),
      dw: float32([6, 40]),
    });
  });
});

test('a variable that the loss does not depend on is named, or left out', async (t) => {
  await withSession(async (session) => {
    const [used, unused] = [session.variable('used', [], 2), session.variable('unused', [], 3)];
    const gradientsOf = (allowUnused: boolean) =>
      session.compile('fn', () => {
        const loss = () => ({ loss: tf.square(used.read()) as Tensor, aux: {} });
        const { gradients } = differentiate(loss, [used, unused], allowUnused);
        return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
      });
    await t.throwsAsync(gradientsOf(false)({}), { message: /the loss does not depend on unused/ });
    t.deepEqual(await gradientsOf(true)({}), { used: float32(4) });
    const vector = session.compile('vector', () => {
      const { loss } = differentiate(() => ({ loss: tf.mul(used.read(), [1, 2]), aux: {} }), [used]);
      return { loss };
    });
    await t.throwsAsync(vector({}), { message: /the loss must be a scalar, got shape \[2\]/ });
  });
});

test('stopGradient keeps the value and cuts the path', async (t) => {
  await withSession(async (session) => {
    const v = session.variable('v', [], 3);
    const fn = session.compile('fn', () => {
      const { loss, gradients } = differentiate(
        () => ({ loss: tf.mul(v.read(), stopGradient(tf.square(v.read()))) as Tensor, aux: {} }),
        [v],
      );
      return { loss, gradient: gradients[0].gradient };
    });
    t.deepEqual(await fn({}), { loss: float32(27), gradient: float32(9) });
  });
});

test('bfloat16 meets float32 in float32', async (t) => {
  await withSession(async (session) => {
    const types: number[] = [];
    const fn = session.compile('fn', ({ x }) => {
      const narrow = cast(x, 'bfloat16');
      const both = tf.add(narrow, x);
      const tensors = [narrow, tf.mul(narrow, narrow), both, tf.concat([narrow, x], 0)];
      types.push(...tensors.map(dataTypeOfTensor));
      return { both, concat: tf.concat([x, narrow], 0) };
    });
    t.deepEqual(await fn({ x: float32([1, 2.5]) }), { both: float32([2, 5]), concat: float32([1, 2.5, 1, 2.5]) });
    t.deepEqual(types, [DT.BFLOAT16, DT.BFLOAT16, DT.FLOAT, DT.FLOAT]);
  });
});

test('a step computed in bfloat16 has nearly the gradients of float32', async (t) => {
  const x = normal('x', 4, 8, 9, 6);
  const gradients = [];
  for (const compute of ['float32', 'bfloat16'] as const) {
    const got = await withSession(
      async (session) => {
        const filters = [normal('a', 3, 3, 6, 8), normal('b', 3, 3, 8, 8), normal('c', 1, 1, 8, 3)];
        const weights = filters.map((value, i) => session.variable(`w${i}`, value.shape, value));
        const scale = session.variable('scale', [8], 1);
        const offset = session.variable('offset', [8], 0.1);
        const step = session.compile('step', (inputs) => {
          const { gradients: found } = differentiate(() => {
            const first = conv2d(inputs.x, weights[0].read(), { pad: [1, 1], stride: [2, 2] });
            const y = relu(batchNormTrain(first, scale.read(), offset.read(), 1e-5).y);
            const z = tf.add(conv2d(y, weights[1].read(), { pad: [1, 1] }), y);
            const logits = tf.mean(conv2d(z, weights[2].read()), [1, 2]);
            const labels = tf.tensor1d([0, 1, 2, 1], 'int32');
            return { loss: tf.mean(sparseSoftmaxCrossEntropy(cast(logits, 'float32'), labels)) as Tensor, aux: {} };
          }, [...weights, scale, offset]);
          return Object.fromEntries(found.map(({ variable, gradient }) => [variable.name, gradient]));
        });
        return step({ x });
      },
      { compute },
    );
    gradients.push(got);
  }
  const [exact, narrow] = gradients;
  for (const name of Object.keys(exact)) {
    t.is(narrow[name].dtype, 'float32', name);
    const [a, b] = [exact[name], narrow[name]].map(({ data }) => data as Float32Array);
    const norm = Math.hypot(...a);
    const distance = Math.hypot(...a.map((value, i) => value - b[i]));
    t.true(distance < 0.05 * norm, `${name} is off by ${distance / norm}`);
  }
});

test('the check by finite differences finds a wrong gradient, and leaves variables as they were', async (t) => {
  const wrong = (x: Tensor) =>
    tf.customGrad((input) => ({
      value: tf.square(input as Tensor),
      gradFunc: (dy) => tf.mul(dy, tf.mul(input as Tensor, 2.1)),
    }))(x);
  const values = { x: normal('x', 4, 3) };
  const attempt = await t.try(async (tt) => checkGradients(tt, values, ({ x }) => wrong(x)));
  const { passed } = attempt;
  attempt.discard();
  t.false(passed);
  await withSession(async (session) => {
    const v = session.variable('v', [4, 3], values.x);
    await checkVariableGradients(t, session, [v], { y: 2 }, ({ y }) => tf.mul(tf.sin(v.read()), y));
    t.deepEqual((await session.save()).v, values.x);
  });
});

test('a comparison is flat: a mask of a trained value has no gradient of its own', async (t) => {
  await checkGradients(t, { x: float32([0.5, -1, 2, 0.1]) }, ({ x }) =>
    tf.mul(tf.square(x), tf.cast(tf.greater(x, 0.3), 'float32')),
  );
});
