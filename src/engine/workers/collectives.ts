import { tensorflow } from '../backend.js';
import { floatAttr, intAttr, shapeAttr, stringAttr } from '../graph/attributes.js';
import { withGradient } from '../local-gradients.js';
import { raw, rawOperation, tensorOf } from '../raw.js';
import type { Tensor } from '../tf.js';
import { currentTrace, onHost } from '../trace.js';
import type { WorkerGroup } from './group.js';

/** All workers are one group of TensorFlow's. */
const GROUP_KEY = 1;

/**
 * Adds up a tensor, or takes the largest of each value, over all workers; all get the same bits. No gradient flows through it. Call it where
 * several workers run the function, in the same order in all of them.
 */
export function reduced(tensor: Tensor, by: 'Add' | 'Max' = 'Add'): Tensor {
  const group = workersOf();
  const attributes = [stringAttr('merge_op', by), stringAttr('final_op', 'Id')];
  return collective('CollectiveReduceV2', tensor, group, attributes);
}

/** The rows of all workers in order of rank: [workers * rows, ...]. No gradient flows through it. */
export function gathered(tensor: Tensor): Tensor {
  const group = workersOf();
  const [rows, ...rest] = tensor.shape as number[];
  const all = collective('CollectiveGatherV2', tensor, group, []);
  // TensorFlow does not know the size of the group while the graph is made.
  return raw('EnsureShape', [all], [shapeAttr('shape', [group.count * rows].concat(rest))])[0];
}

function collective(
  type: string,
  tensor: Tensor,
  group: WorkerGroup,
  attributes: ReturnType<typeof intAttr>[],
): Tensor {
  const trace = currentTrace();
  const { graph } = trace;
  const number = (value: number) => graph.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) });
  // Among GPUs TensorFlow would ask for NCCL, which is not there: what travels goes through the hosts' memory.
  const { operation, outputs } = onHost(() =>
    rawOperation(
      type,
      [tensor, number(group.count), number(GROUP_KEY), number(group.nextKey())],
      attributes.concat(
        stringAttr('communication_hint', 'ring'),
        floatAttr('timeout_seconds', group.timeoutSeconds),
        intAttr('Nordering_token', 0),
      ),
    ),
  );
  trace.collectives.push(operation);
  return tensorOf(outputs[0]);
}

function workersOf(): WorkerGroup {
  const { workers, name } = currentTrace();
  if (!workers) throw new Error(`'${name}' runs in one process: there are no others to hear of`);
  return workers;
}

/**
 * The rows of the whole batch from those of this worker: [crops * workers * batch, ...] from `rows` [crops * batch, ...], both crop-major.
 * Differentiable: a row's gradient is the sum of what the losses of all workers make of it. Where one process has the whole batch, `rows`
 * itself.
 */
export function wholeBatchRows(rows: Tensor, crops = 1): Tensor {
  const { workers } = currentTrace();
  if (!workers) return rows;
  const whole = cropMajor(gathered(rows), crops, workers.count);
  const [result] = withGradient([rows], [whole], ([dy]) => [ownRows(reduced(dy), crops)]);
  return result;
}

/** This worker's rows [crops * batch, ...] of those of the whole batch [crops * workers * batch, ...], both crop-major. */
export function ownRows(whole: Tensor, crops = 1): Tensor {
  const { workers } = currentTrace();
  if (!workers) return whole;
  const { rank, count } = workers;
  const [rows, ...rest] = whole.shape as number[];
  const batch = rows / (crops * count);
  const byWorker = tensorflow.reshape(whole, [crops, count, batch].concat(rest));
  const zeros = rest.map(() => 0);
  const own = tensorflow.slice(byWorker, [0, rank, 0].concat(zeros), [crops, 1, batch].concat(rest));
  return tensorflow.reshape(own, [crops * batch].concat(rest));
}

/** From one worker after the other, [workers * crops * batch, ...], to crop-major. */
function cropMajor(all: Tensor, crops: number, workers: number): Tensor {
  if (crops === 1) return all;
  const [rows, ...rest] = all.shape as number[];
  const apart = tensorflow.reshape(all, [workers, crops, rows / (workers * crops)].concat(rest));
  const turned = tensorflow.transpose(apart, [1, 0, 2].concat(rest.map((_, i) => 3 + i)));
  return tensorflow.reshape(turned, [rows].concat(rest));
}

/** The sum over all workers' parts of the batch, without a gradient; where one process has the whole batch, `part` itself. */
export const wholeBatchSum = (part: Tensor): Tensor => (currentTrace().workers ? reduced(part) : part);

/**
 * The mean of `values` [rows] over the rows that count, with a 1 in `weights` [rows]; 0 where none does. Of several workers each has its share
 * of the whole batch's mean: the mean of shares is that.
 */
export function meanOfCounted(values: Tensor, weights: Tensor): Tensor {
  const { workers } = currentTrace();
  const sum: Tensor = tensorflow.sum(tensorflow.mul(values, weights));
  const count = tensorflow.maximum(wholeBatchSum(tensorflow.sum(weights)), 1);
  return tensorflow.div(workers ? tensorflow.mul(sum, workers.count) : sum, count);
}
