import type { Node } from './graph/graph.js';
import { currentTrace, onHost } from './trace.js';

/** Arguments that kernels of GPUs read in the host's memory although constants of their type lie in the device's, by op: their places. */
const READ_ON_HOST: Readonly<Record<string, readonly number[]>> = { PadV2: [2], Range: [0, 1, 2] };

/**
 * The inputs of an operation, with constants in the memory that a GPU's kernel reads them in; elsewhere as they are. Else every run would copy
 * them back from the device, and wait for it.
 */
export function withHostConstants(type: string, inputs: readonly Node[]): readonly Node[] {
  const { graph, onGpu } = currentTrace();
  const places = onGpu ? READ_ON_HOST[type] : undefined;
  if (!places) return inputs;
  return inputs.map((node, i) => {
    const { value } = graph.operations[node.operation];
    return value && places.includes(i) ? onHost(() => graph.constant(value)) : node;
  });
}
