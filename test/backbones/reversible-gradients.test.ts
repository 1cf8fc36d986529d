import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { streamMetrics } from '../../src/nn/recompute/stream-watch.js';
import { createScope } from '../../src/nn/scope.js';
import { liveIn } from '../helpers/networks/backbone-session.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

/** Networks as they come: full width, 80 bins. */
const NAMES = ['frev-resnet34', 'prev-resnet34', 'frev-df-resnet56', 'prev-df-resnet56'];
const x = normalTensor([2, 40, 80], 'features');

interface Run {
  gradients: Record<string, HostTensor>;
  streams: Record<string, number>;
  /** Operations of the graph. */
  operations: number;
}

/** The gradients of a random projection of the embeddings, in float32, with scales and offsets as after training. */
async function gradientsOf(name: string, options: Record<string, unknown>): Promise<Run> {
  const build = await backboneOf(name, options);
  return withSession(async (session) => {
    const scope = createScope(session, 'network', 1);
    const backbone = build(scope);
    await liveIn(session, scope);
    const step = session.compile('step', ({ x }: Record<string, Tensor>) => {
      const { gradients } = differentiate(() => {
        const vectors = backbone.embed(x, { training: true });
        const directions = tf.sin(tf.range(0, vectors.size, 1));
        return { loss: tf.sum(tf.mul(tf.reshape(vectors, [-1]), directions)), aux: {} };
      }, scope.params());
      const named = gradients.map(({ variable, gradient }) => [variable.name, gradient]);
      return { ...Object.fromEntries(named), ...streamMetrics() } as Record<string, Tensor>;
    });
    const { streamPeak, streamErrors, ...gradients } = await step({ x });
    const streams = { peak: Number(streamPeak?.data[0]), errors: Number(streamErrors?.data[0]) };
    return { gradients, streams, operations: session.graph.operations.length };
  });
}

const norm = (tensor: HostTensor): number => difference(tensor);

/** Norm of a - b, or of a alone. */
function difference(a: HostTensor, b?: HostTensor): number {
  const [numbers, others] = [a.data as Float32Array, b?.data as Float32Array | undefined];
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += (numbers[i] - (others ? others[i] : 0)) ** 2;
  return Math.sqrt(sum);
}

for (const name of NAMES) {
  test.serial(`${name}: recomputed activations give the gradients of stored ones, in float32`, async (t) => {
    const [again, kept] = [await gradientsOf(name, { recompute: true }), await gradientsOf(name, { recompute: false })];
    t.true(again.operations > kept.operations, 'two graphs, or the comparison would say nothing');
    t.is(again.streams.errors, 0);
    t.true(again.streams.peak > 1 && again.streams.peak < 256);
    const weights = Object.keys(kept.gradients);
    t.deepEqual(Object.keys(again.gradients), weights);
    const norms = weights.map((weight) => norm(kept.gradients[weight]));
    const largest = Math.max(...norms);
    // Some offsets have no effect: their gradients are rounding errors.
    const errors = weights.map(
      (weight, i) => difference(again.gradients[weight], kept.gradients[weight]) / Math.max(norms[i], 1e-2 * largest),
    );
    const error = Math.max(...errors);
    const worst = weights[errors.indexOf(error)];
    t.log(`largest difference of a weight's gradient: ${error.toExponential(1)} (${worst})`);
    // The DF-ResNets add up their branches one by one where they keep nothing, and all at once where they keep everything.
    t.true(error <= (name.includes('df-') ? 5e-6 : 0), `${error} in ${worst}`);
  });
}
