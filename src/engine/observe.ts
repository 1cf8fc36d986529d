import { kept } from './local-gradients.js';
import type { Tensor } from './tf.js';
import { currentTrace } from './trace.js';

/** While tracing: notes a value under a name, for whoever made the function to hand out beside its results. No gradient flows through. */
export function observe(name: string, value: Tensor): void {
  const { observations } = currentTrace();
  observations.set(name, [...(observations.get(name) ?? []), kept(value)]);
}

/** While tracing: the values noted under a name so far. */
export const observed = (name: string): Tensor[] => currentTrace().observations.get(name) ?? [];
