import type { Tensor } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { withSession } from './session.js';

/** Applies a change to rows [rows, samples], in a session of its own. */
export async function changed(
  rows: readonly Float32Array[],
  change: (wave: Tensor) => Tensor,
  { step = 0, seed = 0 } = {},
): Promise<Float32Array[]> {
  const wave = float32(Float32Array.from(rows.flatMap((row) => [...row])), [rows.length, rows[0].length]);
  const act = async (session: Parameters<Parameters<typeof withSession>[0]>[0]) => {
    const { y } = await session.compile('change', (inputs) => ({ y: change(inputs.wave) }))({ wave, step });
    const data = y.data as Float32Array;
    const width = data.length / rows.length;
    return rows.map((_, i) => data.slice(i * width, (i + 1) * width));
  };
  return withSession(act, { seed });
}

/** Mean power. */
export const powerOf = (row: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i] * row[i];
  return sum / row.length;
};

/** a - b. */
export const difference = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - b[i]);

/** 10 log10 of a ratio of powers. */
export const decibels = (ratio: number): number => 10 * Math.log10(ratio);
