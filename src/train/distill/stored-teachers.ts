import { type Tensor, tf } from '../../engine/tf.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import type { Heard } from './level-loss.js';

/** A teacher whose outputs for whole utterances were stored. */
export interface StoredTeacher {
  /** For messages. */
  name: string;
  /** Numbers of each layer, in the order in which they stand in a row. */
  layers: Readonly<Record<string, number>>;
}

const inputOf = (i: number): string => `stored${i + 1}`;

/** Numbers of a teacher's row. */
export const rowSize = ({ layers }: StoredTeacher): number =>
  Object.values(layers).reduce((sum, size) => sum + size, 0);

/** The inputs of a micro-batch of `count` from rows of the whole batch, one array for each teacher. // [batch, row size] each */
export function storedInputs(
  teachers: readonly StoredTeacher[],
  outputs: readonly Float32Array[],
  { rows, from }: { rows: number; from: number },
): Record<string, HostTensor> {
  return Object.fromEntries(
    teachers.map((teacher, i) => {
      const size = rowSize(teacher);
      return [inputOf(i), float32(outputs[i].slice(from * size, (from + rows) * size), [rows, size])];
    }),
  );
}

/** What the teachers gave, traced from these inputs. */
export const storedViews = (teachers: readonly StoredTeacher[], inputs: Record<string, Tensor>): Heard[] =>
  teachers.map(({ name, layers }, i) => {
    const row = inputs[inputOf(i)];
    const outputs = new Map<string, Tensor>();
    let from = 0;
    for (const [layer, size] of Object.entries(layers)) {
      outputs.set(layer, tf.slice(row, [0, from], [row.shape[0]!, size]));
      from += size;
    }
    return { name, outputs, frames: 0, shiftMs: 0 };
  });
