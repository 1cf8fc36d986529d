import type { CropValues } from '../../data/crops/crop-reader.js';
import type { Gradient } from '../../engine/autodiff.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import type { WorkerGroup } from '../../engine/workers/group.js';
import { UserError } from '../../errors.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import { createScope } from '../../nn/scope.js';
import { GATHERED } from './transient.js';

/** How a batch is cut: into equal parts of its utterances, of which this process feeds some. */
export interface BatchCut {
  /** Parts of the whole batch. */
  count: number;
  /** Numbers of those that are fed here, one for each micro-batch, in order. */
  own: readonly number[];
}

/** The cut into micro-batches, each of which the workers of a session share. */
export function batchCut(accumulate: number, workers?: Pick<WorkerGroup, 'rank' | 'count'>): BatchCut {
  const { rank, count } = workers ?? { rank: 0, count: 1 };
  return {
    count: accumulate * count,
    own: Array.from({ length: accumulate }, (_, piece) => piece * count + rank),
  };
}

/** The fault of cutting a batch into `count` equal parts, each of at least two utterances; undefined when it can be done. */
export function microBatchFault(batchSize: number, accumulate: number, workers = 1): string | undefined {
  const count = accumulate * workers;
  if (batchSize % count === 0 && batchSize / count >= 2) return undefined;
  const between = workers > 1 ? ` for ${workers} workers` : '';
  return (
    `accumulate: ${accumulate}${between} does not cut batchSize: ${batchSize} into equal parts of two utterances or more. ` +
    `Choose a batch size that is a multiple of ${count}, at least ${2 * count}.`
  );
}

/** Throws UserError when a batch cannot be cut so. */
export function checkMicroBatches(batchSize: number, accumulate: number, workers?: Pick<WorkerGroup, 'count'>): void {
  const fault = microBatchFault(batchSize, accumulate, workers?.count);
  if (fault) throw new UserError(fault);
}

/**
 * The parts of a cut that are fed here. `rows` is crop-major (row = crop * batch + utterance), and so is each part. Without a cut the array
 * itself is returned.
 */
export function microBatches<Rows extends CropValues>(
  rows: Rows,
  crops: number,
  batchSize: number,
  { count, own }: BatchCut,
): Rows[] {
  if (count === 1) return [rows];
  const width = rows.length / (crops * batchSize);
  const part = batchSize / count;
  return own.map((i) => {
    const cut = rows.slice(0, crops * part * width) as Rows;
    for (let crop = 0; crop < crops; crop++) {
      const from = (crop * batchSize + i * part) * width;
      cut.set(rows.subarray(from, from + part * width), crop * part * width);
    }
    return cut;
  });
}

/**
 * The same as inputs of a step, each [crops * batch / count, samples], or of stored features
 * [crops * batch / count, frames, bins].
 */
export function microBatchTensors(
  rows: CropValues,
  { crops, batchSize, cut, bins }: { crops: number; batchSize: number; cut: BatchCut; bins: number },
): HostTensor[] {
  return microBatches(rows, crops, batchSize, cut).map((data) =>
    cropTensor(data, { rows: (crops * batchSize) / cut.count, bins }),
  );
}

/** The parts of values of the batch's utterances [batch]. */
export function cutValues<Values extends Int32Array | Float32Array>(
  values: Values,
  { count, own }: BatchCut,
): Values[] {
  const width = values.length / count;
  return own.map((part) => values.slice(part * width, (part + 1) * width) as Values);
}

/** Crops as an input of a step: int16 [rows, samples], or float32 [rows, frames, bins] of stored features. */
export function cropTensor(data: CropValues, { rows, bins }: { rows: number; bins: number }): HostTensor {
  const width = data.length / rows;
  return data instanceof Int16Array
    ? { dtype: 'int16', shape: [rows, width], data }
    : float32(data, [rows, width / bins, bins]);
}

/** Sums of gradients over the micro-batches of one update. */
export interface Accumulators {
  /** While tracing: adds gradients; with `fresh` 1 to zeros, with 0 to the sums so far. */
  add(gradients: readonly Gradient[], fresh: Tensor): void;
  /** While tracing: the sums over `count`. */
  mean(count: number): Gradient[];
}

/** Creates one accumulator for each trained variable. */
export function createAccumulators(session: Session, trained: readonly Variable[]): Accumulators {
  const scope = createScope(session, GATHERED, 0);
  const sums = new Map(trained.map((variable) => [variable, scope.buffer(variable.name, variable.shape, 0)]));
  return {
    add(gradients, fresh) {
      const keep = tf.sub(1, fresh);
      for (const { variable, gradient } of gradients) {
        const sum = sums.get(variable)!;
        sum.assign(tf.add(gradient, tf.mul(sum.read(), keep)));
      }
    },
    mean: (count) => trained.map((variable) => ({ variable, gradient: tf.div(sums.get(variable)!.read(), count) })),
  };
}
