import type { Tensor } from '../../src/engine/tf.js';
import { float32, type HostTensor, sizeOf } from '../../src/host-tensor.js';
import type { Rng } from '../../src/random.js';

/** The expected result of an op. */
export interface Expected {
  values: ArrayLike<number>;
  /** Errors are measured against the largest expected value, or against this where that is the fairer yardstick. */
  scale?: number;
}

/** One op at one shape: how to trace it, and what plain loops say. */
export interface FuzzCase {
  /** Op and shape, printed with every difference. */
  label: string;
  inputs: Record<string, HostTensor>;
  build(inputs: Record<string, Tensor>): Record<string, Tensor>;
  expected(): Record<string, Expected>;
}

/** The random draws that a case is made from. */
export interface Draw {
  rng: Rng;
  /** A float tensor of the shape, standard normal, exact in the type computed in. */
  normal(...shape: number[]): HostTensor;
  /** A whole number in [low, high]. */
  between(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
}

export function createDraw(rng: Rng, compute: 'float32' | 'bfloat16'): Draw {
  return {
    rng,
    normal(...shape) {
      const data = Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
      if (compute === 'bfloat16') narrow(data);
      return float32(data, shape);
    },
    between: (low, high) => low + rng.int(high - low + 1),
    pick: (choices) => choices[rng.int(choices.length)],
  };
}

/** Cuts float32 numbers to bfloat16's 8 bits, so that inputs are the same numbers in both types. */
function narrow(data: Float32Array): void {
  const bits = new Uint32Array(data.buffer);
  for (let i = 0; i < bits.length; i++) bits[i] &= 0xffff0000;
}

/** The numbers of a host tensor that holds plain numbers. */
export const numbersOf = ({ data }: HostTensor): ArrayLike<number> => data as Float32Array;
