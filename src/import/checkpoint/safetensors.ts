import { UserError } from '../../errors.js';
import { withFile } from '../../io/read-file.js';
import { listSafetensors, type SafetensorsEntry } from '../../io/safetensors.js';
import type { Checkpoint, CheckpointTensor } from './checkpoint.js';
import { type FloatType, floatsOf } from './floats.js';

const FLOATS: Readonly<Record<string, FloatType>> = { F32: 'Float', F16: 'Half', BF16: 'BFloat16', F64: 'Double' };

/** Opens a safetensors file of anyone. @throws UserError for one that is damaged or contradicts itself */
export function openSafetensors(path: string): Checkpoint {
  const { entries, metadata, bytes } = listSafetensors(path);
  const tensors = new Map(
    [...entries].map(([name, entry]) => [name.replace(/^module\./, ''), tensorOf(path, name, entry)]),
  );
  return { path, bytes, tensors, note: (...keys) => (keys.length === 1 ? metadata[keys[0]] : undefined) };
}

function tensorOf(path: string, name: string, { type, shape, at, bytes }: SafetensorsEntry): CheckpointTensor {
  return {
    shape,
    type,
    bytes,
    read() {
      const float = FLOATS[type];
      if (float)
        return floatsOf(
          float,
          withFile(path, (file) => file.read(at, bytes)),
        );
      throw new UserError(
        `${path}: tensor ${name} is of type ${type}; a weight is of ${Object.keys(FLOATS).join(', ')}.`,
      );
    },
  };
}
