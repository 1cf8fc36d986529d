import { UserError } from '../../errors.js';
import { PickleDict, type PickleValue, StoredTensor, textKey } from '../pickle/values.js';
import type { Checkpoint, CheckpointTensor } from './checkpoint.js';
import { type Block, checkedTensor } from './stored-tensor.js';

/** Keys under which whole checkpoints keep a model's weights. */
const WRAPPERS = ['state_dict', 'model', 'model_state_dict', 'model_state'];

/**
 * The weights in the value of a PyTorch file: a dictionary of tensors, or one that holds it under a usual key. `blockOf` finds a storage.
 * @throws UserError when there is none, and for tensors that are not what the file holds
 */
export function checkpointOf(
  path: string,
  bytes: number,
  value: PickleValue,
  blockOf: (key: string) => Block | undefined,
): Checkpoint {
  const dict = dictionaryOfTensors(path, value);
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, tensor] of dict.entries) {
    if (typeof name !== 'string' || !(tensor instanceof StoredTensor)) continue;
    const block = blockOf(tensor.storage.key);
    if (!block)
      throw new UserError(`${path}: the numbers of tensor ${name} are missing. Copy or download the file again.`);
    tensors.set(plainName(name), checkedTensor(path, name, tensor, block));
  }
  return { path, bytes, tensors, note: (...keys) => noteOf(keys.reduce(textKey, value as PickleValue | undefined)) };
}

/** Without what PyTorch puts in front of the names of a model that was trained on several devices. */
const plainName = (name: string) => name.replace(/^module\./, '');

function dictionaryOfTensors(path: string, value: PickleValue): PickleDict {
  const inner = WRAPPERS.map((key) => textKey(value, key));
  const found = [value, ...inner].find((each): each is PickleDict => each instanceof PickleDict && holdsTensors(each));
  if (found) return found;
  throw new UserError(
    `${path} holds no tensors by name, at the top or under ${WRAPPERS.map((key) => `'${key}'`).join(', ')}. ` +
      'Give the file of a state_dict.',
  );
}

const holdsTensors = ({ entries }: PickleDict): boolean =>
  [...entries.values()].some((each) => each instanceof StoredTensor);

function noteOf(value: PickleValue | undefined) {
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return isPlain ? (value as string | number | boolean | null) : undefined;
}
