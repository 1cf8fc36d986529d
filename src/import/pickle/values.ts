/** What a pickle holds, as plain data. Nothing in it has run. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | Global
  | Opaque
  | Storage
  | StoredTensor;

/** A dictionary, or an object of which only its dictionary matters. */
export class PickleDict {
  entries = new Map<PickleValue, PickleValue>();
  /** @param of the class of an object that stands here as its dictionary; undefined for a dictionary itself */
  constructor(readonly of?: string) {}
}

/** A class or function by its name. */
export class Global {
  constructor(readonly name: string) {}
}

/** The result of a call that was not made. */
export class Opaque {
  constructor(readonly name: string) {}
}

/** Element types of PyTorch's storages. */
export type StorageType =
  | 'Float'
  | 'Half'
  | 'BFloat16'
  | 'Double'
  | 'Long'
  | 'Int'
  | 'Short'
  | 'Char'
  | 'Byte'
  | 'Bool';

/** A reference to a block of numbers beside the pickle. */
export class Storage {
  constructor(
    readonly type: StorageType,
    readonly key: string,
    /** Elements. */
    readonly count: number,
  ) {}
}

/** A tensor as a view of a storage. Offset and strides count elements. */
export class StoredTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** The value at a key that is text; undefined where there is none. */
export const textKey = (value: PickleValue | undefined, key: string): PickleValue | undefined =>
  value instanceof PickleDict ? value.entries.get(key) : undefined;
