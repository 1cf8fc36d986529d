import { UserError } from '../errors.js';
import type { HostTensor } from '../host-tensor.js';

/** Throws UserError when a file's tensors are not exactly the ones wanted, naming the first few differences. */
export function checkShapes(path: string, tensors: Record<string, HostTensor>, wanted: Map<string, number[]>): void {
  const differences: string[] = [];
  for (const [name, shape] of wanted) {
    const tensor = tensors[name];
    if (!tensor) differences.push(`${name} is missing`);
    else if (tensor.shape.join() !== shape.join()) {
      differences.push(`${name} is [${tensor.shape}] in the file, [${shape}] in the network`);
    }
  }
  for (const name of Object.keys(tensors)) if (!wanted.has(name)) differences.push(`${name} is not in the network`);
  if (differences.length === 0) return;
  const more = differences.length > 4 ? `; and ${differences.length - 4} more` : '';
  throw new UserError(
    `${path} belongs to another architecture: ${differences.slice(0, 4).join('; ')}${more}. ` +
      'Use the backbone and options that it was trained with, or start again in another folder.',
  );
}
