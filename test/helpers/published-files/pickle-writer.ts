/** Instructions of a pickle, as bytes, to be written one behind the other. */
export type Code = Uint8Array;

const bytes = (...parts: (number | string | Uint8Array)[]): Code =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.from([part]) : typeof part === 'string' ? Buffer.from(part) : part,
    ),
  );

const uint32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
};

export const proto = bytes(0x80, 2);
export const stop = bytes('.');
export const mark = bytes('(');
export const reduce = bytes('R');
export const build = bytes('b');
export const tuple = bytes('t');
export const emptyTuple = bytes(')');
export const emptyList = bytes(']');
export const emptyDict = bytes('}');
export const setItem = bytes('s');
export const setItems = bytes('u');
export const append = bytes('a');
export const newObject = bytes(0x81);
export const object = bytes('o');
export const stackGlobal = bytes(0x93);
export const persistentId = bytes('Q');
export const none = bytes('N');

/** A class or function, by the instruction GLOBAL. */
export const global = (module: string, name: string): Code => bytes('c', module, '\n', name, '\n');
/** An object of a class, by the instruction INST. */
export const instance = (module: string, name: string): Code => bytes('i', module, '\n', name, '\n');
export const text = (value: string): Code => bytes('X', uint32(Buffer.byteLength(value)), value);
export const integer = (value: number): Code => bytes('J', uint32(value >>> 0));
export const long = (value: bigint): Code => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(value);
  return bytes(0x8a, 8, buffer);
};
export const put = (index: number): Code => bytes('r', uint32(index));
export const get = (index: number): Code => bytes('j', uint32(index));
export const raw = (...codes: number[]): Code => bytes(...codes);

/** A whole pickle. */
export const pickle = (...codes: Code[]): Uint8Array => bytes(proto, ...codes, stop);

/** A tuple of values. */
export const tupleOf = (...values: Code[]): Code => bytes(mark, ...values, tuple);

/** A call of a function. */
export const call = (module: string, name: string, ...values: Code[]): Code =>
  bytes(global(module, name), tupleOf(...values), reduce);

/** A dictionary of values by text keys. */
export const dictOf = (values: Record<string, Code>): Code =>
  bytes(emptyDict, mark, ...Object.entries(values).flatMap(([key, value]) => [text(key), value]), setItems);

/** A view of a storage, as PyTorch writes a tensor. */
export interface TensorCode {
  key: string;
  shape: number[];
  strides?: number[];
  offset?: number;
  /** Numbers of the storage; default: those of the shape. */
  count?: number;
  /** The storage's class in `torch`. */
  storage?: string;
}

export function tensor({ key, shape, strides, offset = 0, count, storage = 'FloatStorage' }: TensorCode): Code {
  const size = shape.reduce((product, length) => product * length, 1);
  const steps =
    strides ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const sizes = (values: number[]) =>
    tupleOf(...values.map((value) => (value < 2 ** 31 ? integer(value) : long(BigInt(value)))));
  const id = tupleOf(text('storage'), global('torch', storage), text(key), text('cpu'), integer(count ?? size));
  return call(
    'torch._utils',
    '_rebuild_tensor_v2',
    bytes(id, persistentId),
    integer(offset),
    sizes(shape),
    sizes(steps),
    bytes(0x89),
    call('collections', 'OrderedDict'),
  );
}
