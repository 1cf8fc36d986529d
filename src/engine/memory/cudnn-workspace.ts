import { tensorBytes } from './element-bytes.js';
import type { PlanGraph, PlanNode } from './plan-graph.js';

/**
 * How much larger a map is in the transform domain of the widest common algorithm: Winograd's F(4x4, 3x3) turns 4 x 4 outputs into 6 x 6 values
 * (A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, arXiv:1509.09308).
 */
const WIDENING = 36 / 16;

/** TensorFlow's own limit, unless TF_CUDNN_WORKSPACE_LIMIT_IN_MB says another. */
const USUAL_LIMIT_BYTES = 2 ** 32;

/** The places of the map that a convolution reads, of the kernel and of the map that it writes or is given: an input, or `out`. */
const MAPS: Readonly<Record<string, readonly [read: number, kernel: number | 'out', other: number | 'out']>> = {
  Conv2D: [0, 1, 'out'],
  Conv2DBackpropInput: [2, 1, 'out'],
  Conv2DBackpropFilter: [0, 'out', 2],
};

/**
 * A bound of the scratch memory that cuDNN takes for one convolution of a graph: both maps of the largest one, in the transform domain.
 * The graph does not show it, and which algorithm cuDNN chooses is not known before it runs. Kernels of one point are plain products.
 */
export function cudnnWorkspace(graph: PlanGraph, env: NodeJS.ProcessEnv = process.env): number {
  const limit = Number(env.TF_CUDNN_WORKSPACE_LIMIT_IN_MB);
  const limitBytes = limit > 0 ? limit * 2 ** 20 : USUAL_LIMIT_BYTES;
  const largest = [...graph.values()].reduce((most, node) => Math.max(most, bothMaps(graph, node)), 0);
  return Math.min(Math.ceil(WIDENING * largest), limitBytes);
}

function bothMaps(graph: PlanGraph, { record }: PlanNode): number {
  const places = MAPS[record.type];
  if (!places) return 0;
  const [read, kernel, other] = places.map((place) => {
    if (place === 'out') return record.outputs[0];
    const { operation, output } = record.inputs[place];
    return graph.get(operation)?.record.outputs[output];
  });
  if (!read || !kernel || !other || kernel.shape[0] * kernel.shape[1] === 1) return 0;
  return tensorBytes(read) + tensorBytes(other);
}
