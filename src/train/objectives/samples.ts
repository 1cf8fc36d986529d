import type { CropValues } from '../../data/crops/crop-reader.js';
import type { Inputs } from '../../engine/session/compile.js';
import { float32, int32 } from '../../host-tensor.js';
import { type BatchCut, microBatchTensors } from '../step/micro-batches.js';
import { labelsInput, TARGET } from './beside.js';

/** The labels that an objective has of a batch's utterances, row by row. */
export interface RowLabels {
  /** int32 classes, -1 for none; or float32 distributions. */
  values: Int32Array | Float32Array;
  /** Of a row: [] of one class, [frames] of their classes, [frames, classes] of distributions. */
  shape: readonly number[];
}

/** What objectives get of a batch beside its crops. */
export interface BesideSamples {
  /** Crops of the target, as many samples each as the source's. */
  target?: CropValues;
  /** Rows of the target. */
  targets: number;
  /** In the order of the objectives; undefined for those without labels of their own. */
  labels: readonly (RowLabels | undefined)[];
}

/** The inputs of each micro-batch; without samples there are none. */
export function besideInputs(
  samples: BesideSamples | undefined,
  { batchSize, cut, bins }: { batchSize: number; cut: BatchCut; bins: number },
): Inputs[] {
  if (!samples) return cut.own.map(() => ({}));
  const { target, targets, labels } = samples;
  const crops = target && microBatchTensors(target, { crops: 1, batchSize: targets, cut, bins });
  const rows = batchSize / cut.count;
  return cut.own.map((piece, i) => {
    const named = labels.flatMap((list, objective) =>
      list ? [[labelsInput(objective), partOf(list, rows, piece)] as const] : [],
    );
    return { ...Object.fromEntries(named), ...(crops && { [TARGET]: crops[i] }) };
  });
}

function partOf({ values, shape }: RowLabels, rows: number, piece: number) {
  const width = shape.reduce((product, size) => product * size, 1);
  const [from, to] = [piece * rows * width, (piece + 1) * rows * width];
  const whole = [rows, ...shape];
  return values instanceof Int32Array ? int32(values.slice(from, to), whole) : float32(values.slice(from, to), whole);
}
