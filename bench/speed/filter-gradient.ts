/**
 * The gradient of a convolution over time in its filter: products of matrices, as voxloop computes it, beside TensorFlow's kernel. In turn, on the
 * same values.
 *
 *   npm run build && node dist/bench/speed/filter-gradient.js [--rounds 7] [--threads 2]
 *
 * Prints for layers of the TDNN, ECAPA-TDNN and a narrow network the least time of each in ms, their ratio (below 1: products are faster), and the
 * root mean square error of each beside float64, over that of the gradient itself, at 200 places.
 */
import { parseArgs } from 'node:util';
import { intAttr, stringAttr } from '../../src/engine/graph/attributes.js';
import { filterGradient } from '../../src/engine/ops/rows/filter-gradient.js';
import { raw } from '../../src/engine/raw.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { createRng } from '../../src/random.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, threads: { type: 'string', default: '2' } },
});
const rounds = Number(values.rounds);

interface Layer {
  batch: number;
  frames: number;
  taps: number;
  inputs: number;
  outputs: number;
}

const layers: Layer[] = [
  { batch: 192, frames: 148, taps: 5, inputs: 80, outputs: 256 },
  { batch: 192, frames: 148, taps: 3, inputs: 256, outputs: 256 },
  { batch: 192, frames: 140, taps: 1, inputs: 256, outputs: 768 },
  { batch: 64, frames: 200, taps: 3, inputs: 64, outputs: 64 },
  { batch: 64, frames: 200, taps: 1, inputs: 512, outputs: 512 },
  { batch: 64, frames: 200, taps: 1, inputs: 512, outputs: 1536 },
];

const rng = createRng('filter-gradient');
const normals = (count: number) => Float32Array.from({ length: count }, () => rng.normal());

/** The gradient in float64 at places drawn of [1, taps, inputs, outputs]. */
function exactAt(
  { batch, frames, taps, inputs, outputs }: Layer,
  x: Float32Array,
  dy: Float32Array,
  at: number,
): number {
  const [o, rest] = [at % outputs, Math.floor(at / outputs)];
  const [i, tap] = [rest % inputs, Math.floor(rest / inputs)];
  const wide = frames - taps + 1;
  let sum = 0;
  for (let row = 0; row < batch; row++) {
    for (let frame = 0; frame < wide; frame++) {
      sum += x[(row * frames + frame + tap) * inputs + i] * dy[(row * wide + frame) * outputs + o];
    }
  }
  return sum;
}

/** Root mean square error over that of the exact values. */
function errorOf(values: Float32Array, places: readonly number[], exact: readonly number[]): number {
  const squares = (list: readonly number[]) => list.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(exact.map((value, n) => values[places[n]] - value)) / squares(exact));
}

await withSession(
  { device: 'cpu', threads: Number(values.threads), seed: 1, name: 'filter-gradient' },
  async (session) => {
    for (const layer of layers) {
      const { batch, frames, taps, inputs, outputs } = layer;
      const wide = frames - taps + 1;
      const [x, dy] = [normals(batch * frames * inputs), normals(batch * wide * outputs)];
      const fed = { x: float32(x, [batch, 1, frames, inputs]), dy: float32(dy, [batch, 1, wide, outputs]) };
      const attributes = [
        intAttr('strides', [1, 1, 1, 1]),
        stringAttr('padding', 'VALID'),
        stringAttr('data_format', 'NHWC'),
      ];
      const size = () => tf.tensor1d([1, taps, inputs, outputs], 'int32');
      const name = `${batch} x ${frames} frames, ${taps} taps, ${inputs} to ${outputs}`;
      const ways = {
        kernel: session.compile(`kernel ${name}`, ({ x, dy }: Record<string, Tensor>) => ({
          gradient: raw('Conv2DBackpropFilter', [x, size(), dy], attributes)[0],
        })),
        products: session.compile(`products ${name}`, ({ x, dy }: Record<string, Tensor>) => ({
          gradient: filterGradient(x, dy, { taps, dilation: 1, pad: 0 }),
        })),
      };
      const best = { kernel: Number.POSITIVE_INFINITY, products: Number.POSITIVE_INFINITY };
      const results: Record<keyof typeof ways, Float32Array> = { kernel: x, products: x };
      for (let round = 0; round < rounds; round++) {
        for (const way of ['kernel', 'products'] as const) {
          const start = performance.now();
          const { gradient } = await ways[way](fed);
          // The first run makes the kernels.
          if (round > 0) best[way] = Math.min(best[way], performance.now() - start);
          results[way] = gradient.data as Float32Array;
        }
      }
      const places = Array.from({ length: 200 }, () => rng.int(taps * inputs * outputs));
      const exact = places.map((at) => exactAt(layer, x, dy, at));
      const errors = [results.kernel, results.products].map((result) =>
        errorOf(result, places, exact).toExponential(1),
      );
      console.log(
        `${name}: kernel ${best.kernel.toFixed(1)} ms, products ${best.products.toFixed(1)} ms, ratio ` +
          `${(best.products / best.kernel).toFixed(2)}; errors ${errors.join(' and ')}`,
      );
    }
  },
);
