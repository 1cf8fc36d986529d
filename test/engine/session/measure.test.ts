import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { MemoryParts } from '../../../src/engine/memory/memory-parts.js';
import { conv2d } from '../../../src/engine/ops/conv2d.js';
import { random } from '../../../src/engine/random.js';
import { requireFinite } from '../../../src/engine/require-finite.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { withSession } from '../../helpers/session.js';

const MAP_BYTES = 4 * 2 ** 20;

const totalOf = (parts: MemoryParts): number => Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);

// With several threads the order of independent ops varies, and in a graph this small the peak with it.
const ONE_THREAD = { threads: 1 };

test.serial('the peak of a known graph is what its live tensors add up to', async (t) => {
  await withSession(async (session) => {
    // Sorting keeps its input and allocates its output; two sorted maps are alive at their product, which takes one's place.
    const fn = session.compile('fn', ({ x }) => {
      const [a, b] = [tf.reverse(x, 0), tf.reverse(x, 1)];
      return { y: tf.sum(tf.mul(a, b)) };
    });
    const x = float32(new Float32Array(MAP_BYTES / 4).fill(1), [1024, 1024]);
    const { peakBytes, parts, timeMs, outputs } = await fn.measure({ x });
    t.deepEqual(outputs.y, float32(2 ** 20));
    t.is(parts.inputs, MAP_BYTES);
    t.true(
      parts.workspace >= 2 * MAP_BYTES && parts.workspace < 2.1 * MAP_BYTES,
      `${parts.workspace / MAP_BYTES} maps`,
    );
    t.is(totalOf(parts), peakBytes);
    t.deepEqual(
      timeMs
        .filter(({ op }) => /ReverseV2|Mul/.test(op))
        .map(({ op, count }) => [op, count])
        .sort(),
      [
        ['Mul', 1],
        ['ReverseV2', 2],
      ],
    );
    t.true(timeMs.every(({ ms }, i) => ms >= 0 && ms <= (timeMs[i - 1]?.ms ?? ms)));
  }, ONE_THREAD);
});

test.serial('the peak of a training step is stable over three measures, and training goes on', async (t) => {
  await withSession(async (session) => {
    const weights = [0, 1, 2, 3].map((i) => session.variable(`w${i}`, [3, 3, 8, 8], 0.03 + 0.01 * i));
    const step = session.compile('step', ({ x, lr }) => {
      const { loss, gradients } = differentiate(() => {
        const y = weights.reduce((map: Tensor, w) => tf.tanh(conv2d(map, w.read(), { pad: [1, 1] })), x);
        return { loss: tf.mean(tf.square(tf.sub(y, 0.5))) as Tensor, aux: {} };
      }, weights);
      for (const { variable, gradient } of gradients) variable.assign(tf.sub(variable.read(), tf.mul(lr, gradient)));
      return { loss };
    });
    const inputs = { x: float32(new Float32Array(2 * 64 * 64 * 8).fill(0.5), [2, 64, 64, 8]), lr: 0.1 };
    const first = await step(inputs);
    const peaks: number[] = [];
    for (let i = 0; i < 3; i++) peaks.push((await step.measure(inputs)).peakBytes);
    t.true(Math.max(...peaks) <= 1.05 * Math.min(...peaks), peaks.join(', '));
    const map = 2 * 64 * 64 * 8 * 4;
    t.true(peaks[0] > 5 * map && peaks[0] < 13 * map, `${peaks[0] / map} maps`);
    const last = await step(inputs);
    t.true((last.loss.data as Float32Array)[0] < (first.loss.data as Float32Array)[0]);
  }, ONE_THREAD);
});

test.serial('the peak of a training step is split by what the bytes are for', async (t) => {
  const size = 500;
  const bytes = 4 * size * size;
  await withSession(async (session) => {
    const weights = [0, 1].map((i) => session.variable(`w${i}`, [size, size], 0.01));
    const momentum = session.variable('optimizer/momentum', [size, size], 0);
    const teacher = session.variable('teacher', [size], 1);
    const step = session.compile('step', ({ x }) => {
      const { loss, gradients } = differentiate(() => {
        const y = weights.reduce((map: Tensor, w) => tf.matMul(map, w.read()), x);
        return { loss: tf.mean(tf.mul(tf.square(y), teacher.read())), aux: {} };
      }, weights);
      requireFinite(Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient])));
      for (const { variable, gradient } of gradients) variable.assign(tf.sub(variable.read(), gradient));
      momentum.assign(tf.mul(momentum.read(), 0.9));
      return { loss };
    });
    const x = float32(new Float32Array(4 * size).fill(1), [4, size]);
    await step({ x });
    const { peakBytes, parts, keptBytes } = await step.measure({ x });
    // Reshaped or not, the gradients' buffers are found; the new values of weights and momentum are workspace until assigned.
    t.deepEqual(
      [parts.parameters, parts.optimizer, parts.gradients, parts.inputs],
      [2 * bytes, bytes, 2 * bytes, x.data.byteLength],
    );
    // The teacher; and constants, of which the mean's gradient has one as large as the map.
    t.true(parts.buffers >= 4 * size && parts.buffers < 4 * size + 16 * size + 1000, `${parts.buffers}`);
    t.true(parts.workspace <= 3.1 * bytes, `${parts.workspace / bytes} matrices`);
    // The first product, and of the second one what its square's gradient needs.
    t.true(keptBytes >= 2 * 16 * size && keptBytes < 4 * 16 * size, `${keptBytes}`);
    t.is(totalOf(parts), peakBytes);
  }, ONE_THREAD);
});

test.serial('two sessions may measure at once', async (t) => {
  const peakOf = () =>
    withSession(async (session) => {
      const fn = session.compile('fn', ({ x }) => ({ y: tf.exp(x) }));
      const inputs = { x: float32(new Float32Array(MAP_BYTES / 4)) };
      return [await fn.measure(inputs), await fn.measure(inputs)].map(({ peakBytes }) => peakBytes >= MAP_BYTES);
    });
  t.deepEqual(await Promise.all([peakOf(), peakOf()]), [
    [true, true],
    [true, true],
  ]);
});

test.serial('two thousand steps leak nothing', async (t) => {
  await withSession(async (session) => {
    const w = session.variable('w', [100, 10], 0.01);
    const step = session.compile('step', ({ x, lr }) => {
      const noisy = tf.add(x, random.normal([1000, 100], 'noise'));
      const { loss, gradients } = differentiate(
        () => ({ loss: tf.mean(tf.square(tf.matMul(noisy, w.read()))) as Tensor, aux: {} }),
        [w],
      );
      w.assign(tf.sub(w.read(), tf.mul(lr, gradients[0].gradient)));
      return { loss, noisy };
    });
    let [nodes, residentBytes] = [0, 0];
    for (let i = 0; i < 2000; i++) {
      const x = float32(new Float32Array(100_000).fill(i % 7), [1000, 100]);
      await step({ x, lr: 0.01, step: i });
      if (i === 500) [nodes, residentBytes] = [session.graph.operations.length, process.memoryUsage.rss()];
    }
    t.is(session.graph.operations.length, nodes);
    // One leaked input alone would be 600 MB.
    const grown = process.memoryUsage.rss() - residentBytes;
    t.true(grown < 20 * 2 ** 20, `${grown / 2 ** 20} MiB in 1,500 steps`);
  });
});
