import { float32, type HostTensor, sizeOf } from '../../host-tensor.js';
import { recipeOf } from './layout.js';
import { type PublishedNames, partsOf } from './published-names.js';

/** A state dict of PyTorch as `names` have it, from a network's variables: what `voxloop import` makes the same variables of. */
export function publishedTensors(
  names: PublishedNames,
  weights: Readonly<Record<string, HostTensor>>,
): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  for (const [variable, { shape, data }] of Object.entries(weights)) {
    const { from, put } = recipeOf(names, variable, shape);
    for (const { name, shape: trimmed } of from) {
      const kernel = shape.length > 1 ? axesOf(names, variable) : 1;
      const full = trimmed.concat(Array.from({ length: Math.max(0, kernel - trimmed.length) }, () => 1));
      // Parts of one tensor are variables of their own.
      if (!tensors.has(name)) tensors.set(name, float32(new Float32Array(sizeOf(full)), full));
    }
    put(data as Float32Array, tensors.get(from[0].name)!.data as Float32Array);
  }
  return withCounters(tensors);
}

function axesOf({ axes = [] }: PublishedNames, variable: string): number {
  const { layer } = partsOf(variable);
  return axes.find(([pattern]) => new RegExp(`^(?:${pattern})$`).test(layer))?.[1] ?? 0;
}

/** With the number of batches that PyTorch counts beside every running mean: none was seen there. */
function withCounters(tensors: Map<string, HostTensor>): Map<string, HostTensor> {
  for (const name of [...tensors.keys()].filter((each) => each.endsWith('.running_mean'))) {
    const counter = name.replace(/running_mean$/, 'num_batches_tracked');
    tensors.set(counter, { dtype: 'int64', shape: [], data: new BigInt64Array(1) });
  }
  return tensors;
}
