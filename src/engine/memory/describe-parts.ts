import { formatByteSize } from '../../io/byte-size.js';
import type { MemoryParts } from './memory-parts.js';

/** The parts as users read them. */
export const PART_NAMES: Record<keyof MemoryParts, string> = {
  parameters: 'parameters',
  buffers: 'buffers',
  optimizer: 'optimizer states',
  gradients: 'gradients',
  activations: 'kept activations',
  workspace: 'workspace',
  inputs: 'inputs',
};

/** `kept activations 1.20 GiB, parameters 25.3 MiB`: largest first, empty parts left out. */
export function describeParts(parts: MemoryParts): string {
  const present = Object.entries(parts).filter(([, bytes]) => bytes > 0) as [keyof MemoryParts, number][];
  present.sort(([, a], [, b]) => b - a);
  return present.map(([part, bytes]) => `${PART_NAMES[part]} ${formatByteSize(bytes)}`).join(', ');
}
