import {
  Global,
  Opaque,
  PickleDict,
  type PickleValue,
  Storage,
  type StorageType,
  StoredTensor,
  textKey,
} from './values.js';

/** Bytes of an element. */
export const STORAGE_BYTES: Readonly<Record<StorageType, number>> = {
  Float: 4,
  Half: 2,
  BFloat16: 2,
  Double: 8,
  Long: 8,
  Int: 4,
  Short: 2,
  Char: 1,
  Byte: 1,
  Bool: 1,
};

/** Modules whose classes lie in ordinary checkpoints; an object of theirs is kept as a name only. */
const HARMLESS_MODULES = [
  'torch',
  'numpy',
  'collections',
  'pathlib',
  'datetime',
  'argparse',
  'typing',
  'omegaconf',
  'fairseq',
  'pytorch_lightning',
  'lightning',
  'lightning_fabric',
  'pyannote',
  'wespeaker',
  'speakerlab',
  'speechbrain',
];

/** Types of plain data; `long` and `unicode` are what the older forms of pickles call int and str. */
const PLAIN_TYPES =
  'bool bytearray bytes complex dict float frozenset int list long object range set slice str tuple unicode'.split(' ');

/** What may be named of the language itself: types of plain data, and what makes bytes, objects and the names of types such as List[int]. */
const PLAIN_NAMES = new Set(
  ['_codecs.encode', 'copy_reg._reconstructor', 'copyreg._reconstructor', '_operator.getitem'].concat(
    PLAIN_TYPES.flatMap((type) => [`builtins.${type}`, `__builtin__.${type}`]),
  ),
);

/** Whether a pickle of a model may name this class or function. It is never looked up, let alone called. */
export const mayBeNamed = (module: string, name: string): boolean =>
  PLAIN_NAMES.has(`${module}.${name}`) || HARMLESS_MODULES.includes(module.split('.')[0]);

/** The value that stands for a call: a dictionary or a tensor where PyTorch's own functions make one, else a name. */
export function standInFor(called: PickleValue, parts: PickleValue[]): PickleValue {
  if (!(called instanceof Global)) return new Opaque('a call of a value');
  switch (called.name) {
    case 'collections.OrderedDict':
      return orderedDict(parts);
    case 'torch._utils._rebuild_tensor':
    case 'torch._utils._rebuild_tensor_v2':
      return rebuiltTensor(parts);
    case 'torch._utils._rebuild_parameter':
    case 'torch._utils._rebuild_parameter_with_state':
      return parts[0] ?? null;
    case 'torch.Size':
      return parts[0] ?? [];
    default:
      return new Opaque(called.name);
  }
}

const NAMESPACE = 'argparse.Namespace';
/** Objects that are nothing but their state: trainings keep their settings in them. */
const SETTINGS: readonly string[] = [NAMESPACE, 'omegaconf.dictconfig.DictConfig'];

/** The value that stands for an object of a class: a dictionary where only that matters, else a name. */
export function objectOf(name: string): PickleValue {
  if (name === 'collections.OrderedDict') return new PickleDict();
  return SETTINGS.includes(name) ? new PickleDict(name) : new Opaque(name);
}

/** What an object becomes by its state: settings hold theirs, a value of omegaconf is what it wraps; the state of any other is dropped. */
export function withState(object: PickleValue, state: PickleValue): PickleValue {
  if (object instanceof Opaque && /^omegaconf\.nodes\.\w+$/.test(object.name)) return textKey(state, '_val') ?? null;
  if (!(object instanceof PickleDict) || object.of === undefined) return object;
  const content = object.of === NAMESPACE ? state : textKey(state, '_content');
  if (content instanceof PickleDict) object.entries = content.entries;
  return object;
}

function orderedDict([pairs]: PickleValue[]): PickleValue {
  const dict = new PickleDict();
  if (!Array.isArray(pairs)) return dict;
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return new Opaque('collections.OrderedDict');
    dict.entries.set(pair[0], pair[1]);
  }
  return dict;
}

const isCount = (value: PickleValue): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const areCounts = (value: PickleValue): value is number[] => Array.isArray(value) && value.every(isCount);

function rebuiltTensor([storage, offset, shape, strides]: PickleValue[]): PickleValue {
  const fits = areCounts(shape) && areCounts(strides) && shape.length === strides.length;
  if (storage instanceof Storage && isCount(offset) && fits) return new StoredTensor(storage, offset, shape, strides);
  return new Opaque('torch._utils._rebuild_tensor_v2');
}

/** A storage from its persistent id: ('storage', type, key, location, count). Anything else is kept as a name. */
export function storageOf(id: PickleValue): PickleValue {
  if (!Array.isArray(id)) return new Opaque('a persistent id');
  const [kind, type, key, , count] = id;
  const name = type instanceof Global ? /^torch\.(\w+)Storage$/.exec(type.name)?.[1] : undefined;
  if (kind === 'storage' && name !== undefined && isStorageType(name) && typeof key === 'string' && isCount(count)) {
    return new Storage(name, key, count);
  }
  return new Opaque(type instanceof Global ? type.name : 'a persistent id');
}

const isStorageType = (name: string): name is StorageType => Object.hasOwn(STORAGE_BYTES, name);
