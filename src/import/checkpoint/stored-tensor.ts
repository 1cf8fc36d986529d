import { crc32 } from 'node:zlib';
import { UserError } from '../../errors.js';
import { withFile } from '../../io/read-file.js';
import { STORAGE_BYTES } from '../pickle/globals.js';
import type { StoredTensor } from '../pickle/values.js';
import type { CheckpointTensor } from './checkpoint.js';
import { floatsOf, isFloatType } from './floats.js';
import { elementsOf, isContiguous, rowMajor, spanOf } from './strided.js';

/** Where a storage lies in the file. */
export interface Block {
  at: number;
  bytes: number;
  /** Checksum, where the file has one. */
  crc32?: number;
}

/**
 * A tensor of a PyTorch file, checked against the block of numbers that it is a view of.
 * @throws UserError when it reaches beyond its storage, the storage beyond its block, or its strides repeat elements: so it is never
 *   larger than what the file holds
 */
export function checkedTensor(path: string, name: string, tensor: StoredTensor, block: Block): CheckpointTensor {
  const { storage, offset, shape, strides } = tensor;
  const each = STORAGE_BYTES[storage.type];
  const elements = elementsOf(shape);
  const span = spanOf(tensor);
  const place = `${path}: tensor ${name} [${shape}]`;
  if (storage.count * each > block.bytes)
    throw new UserError(
      `${place} needs ${storage.count * each} bytes, and the file holds ${block.bytes}. Copy it again.`,
    );
  if (offset + span > storage.count)
    throw new UserError(
      `${place} reaches beyond its ${storage.count} stored numbers. The file is damaged: copy it again.`,
    );
  if (elements > span)
    throw new UserError(`${place} repeats its stored numbers by its strides [${strides}], which no weight does.`);
  return {
    shape,
    type: storage.type.toLowerCase(),
    bytes: elements * each,
    read: () => readFloats(place, path, tensor, block),
  };
}

function readFloats(place: string, path: string, tensor: StoredTensor, block: Block): Float32Array {
  const { storage, offset } = tensor;
  const { type } = storage;
  if (!isFloatType(type))
    throw new UserError(`${place} is of type ${type.toLowerCase()}; a weight is of a floating-point type.`);
  const each = STORAGE_BYTES[type];
  const bytes = withFile(path, (file) => file.read(block.at + offset * each, spanOf(tensor) * each));
  const isWhole = bytes.byteLength === block.bytes;
  if (isWhole && block.crc32 !== undefined && crc32(new Uint8Array(bytes)) !== block.crc32)
    throw new UserError(`${place} does not match its checksum. The file is damaged: copy it again.`);
  const numbers = floatsOf(type, bytes);
  return isContiguous(tensor) ? numbers : rowMajor(numbers, tensor);
}
