import { UserError } from '../../errors.js';
import { type OpenFile, withFile } from '../../io/read-file.js';
import { STORAGE_BYTES } from '../pickle/globals.js';
import { readPickle } from '../pickle/read-pickle.js';
import { PickleDict, type PickleValue, type Storage, StoredTensor, textKey } from '../pickle/values.js';
import type { Checkpoint } from './checkpoint.js';
import { checkpointOf } from './state-dict.js';
import type { Block } from './stored-tensor.js';

/** A pickle of protocol 2 that holds PyTorch's magic number. */
export const LEGACY_START = Buffer.from([
  0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
]);

/** The pickles stand at the start of the file; those of large models are far shorter. */
const MOST_PICKLED = 1 << 24;

/**
 * Opens a file of PyTorch before 1.6: five pickles one behind the other (magic number, version, system, weights, keys of the blocks), then
 * the blocks of numbers, each behind its length.
 * @throws UserError for a damaged one, and a pickle that `readPickle` refuses
 */
export function openTorchLegacy(path: string): Checkpoint {
  return withFile(path, (file) => {
    const start = new Uint8Array(file.read(0, Math.min(file.bytes, MOST_PICKLED)));
    const values: PickleValue[] = [];
    let end = 0;
    while (values.length < 5) {
      const read = readPickle(path, start, end);
      values.push(read.value);
      end = read.end;
    }
    const [, , system, value, keys] = values;
    if (textKey(system, 'little_endian') !== true) throw broken(path, 'it was written by a big-endian computer');
    const blocks = blocksOf(file, end, keys, storagesOf(value));
    return checkpointOf(path, file.bytes, value, (key) => blocks.get(key));
  });
}

/** The storages of the tensors in a value, dictionaries within dictionaries included, by their keys. */
function storagesOf(value: PickleValue): Map<string, Storage> {
  const found = new Map<string, Storage>();
  const seen = new Set<PickleValue>();
  const waiting: PickleValue[] = [value];
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (each instanceof StoredTensor) found.set(each.storage.key, each.storage);
    if (!(each instanceof PickleDict || Array.isArray(each)) || seen.has(each)) continue;
    seen.add(each);
    for (const item of Array.isArray(each) ? each : each.entries.values()) waiting.push(item);
  }
  return found;
}

function blocksOf(
  file: OpenFile,
  start: number,
  keys: PickleValue,
  storages: Map<string, Storage>,
): Map<string, Block> {
  if (!Array.isArray(keys)) throw broken(file.path, 'the list of its blocks is missing');
  const blocks = new Map<string, Block>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage) throw broken(file.path, `no tensor tells the size of block ${JSON.stringify(String(key))}`);
    if (at + 8 > file.bytes) throw broken(file.path, 'it is cut short');
    const count = Number(new DataView(file.read(at, 8)).getBigInt64(0, true));
    const bytes = count * STORAGE_BYTES[storage.type];
    if (count !== storage.count || at + 8 + bytes > file.bytes)
      throw broken(file.path, 'it is cut short, or a block has another size');
    blocks.set(storage.key, { at: at + 8, bytes });
    at += 8 + bytes;
  }
  return blocks;
}

const broken = (path: string, why: string) =>
  new UserError(
    `${path} is not a complete file of torch.save: ${why}. Copy or download it again, or save it again with PyTorch.`,
  );
