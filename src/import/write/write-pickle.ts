import type { HostTensor } from '../../host-tensor.js';

/** PyTorch's classes of storages. */
const STORAGES: Partial<Record<HostTensor['dtype'], string>> = { float32: 'FloatStorage', int64: 'LongStorage' };

/** Instructions of pickle's protocol 2. */
const PROTOCOL = Buffer.from([0x80, 2]);
const [MARK, TUPLE, EMPTY_TUPLE, REDUCE, SET_ITEMS, PERSISTENT_ID, STOP] = Array.from('(t)RuQ.', (code) =>
  Buffer.from(code),
);
const FALSE = Buffer.from([0x89]);

/**
 * The pickle of a state dict whose tensors lie in blocks of their own, numbered as they come: an ordered dictionary of calls of PyTorch's
 * own function, and nothing else.
 */
export function pickleOfTensors(tensors: ReadonlyMap<string, HostTensor>): Uint8Array {
  const items = [...tensors].flatMap(([name, tensor], block) => [text(name), tensorCode(tensor, String(block))]);
  return Buffer.concat([PROTOCOL, ORDERED_DICT, MARK, ...items, SET_ITEMS, STOP]);
}

function tensorCode({ dtype, shape, data }: HostTensor, block: string): Buffer {
  const storage = STORAGES[dtype];
  if (storage === undefined) throw new Error(`no storage of PyTorch is written for ${dtype}`);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const id = tuple(text('storage'), named('torch', storage), text(block), text('cpu'), integer(data.length));
  const parts = [Buffer.concat([id, PERSISTENT_ID]), integer(0), tuple(...shape.map(integer))];
  return call('torch._utils', '_rebuild_tensor_v2', ...parts, tuple(...strides.map(integer)), FALSE, ORDERED_DICT);
}

const named = (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`);
const tuple = (...values: Buffer[]): Buffer =>
  values.length === 0 ? EMPTY_TUPLE : Buffer.concat([MARK, ...values, TUPLE]);
const call = (module: string, name: string, ...values: Buffer[]): Buffer =>
  Buffer.concat([named(module, name), tuple(...values), REDUCE]);

/** A number of 32 bits. */
function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5, 'J');
  bytes.writeInt32LE(value, 1);
  return bytes;
}

function text(value: string): Buffer {
  const length = Buffer.alloc(5, 'X');
  length.writeUInt32LE(Buffer.byteLength(value), 1);
  return Buffer.concat([length, Buffer.from(value)]);
}

const ORDERED_DICT = call('collections', 'OrderedDict');
