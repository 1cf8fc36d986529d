import { BLOCKS, type Block, blocksOf } from '../engine/ops/block-codes.js';
import { type CodeBook, nearestCodes } from '../engine/ops/dynamic-tree-codes.js';
import { float32, type HostTensor, sizeOf } from '../host-tensor.js';
import { STATE_BOOKS, type StateKind } from './state-kinds.js';

/** Tensors by name; what is replaced leaves the table at once, so that one state at a time exists in both forms. */
type Tensors = Record<string, HostTensor>;

const CODES = new RegExp(`^(.+?)/(${Object.keys(STATE_BOOKS).join('|')})/codes/(.+)$`);

/**
 * Changes states of an optimizer among `tensors`, in place, into the form in which they are `wanted`: 32-bit ones are rounded to
 * the nearest codes, 8-bit ones decoded, and encoded again where blocks have another size. States in the right form, and those that
 * have another size, stay as they are. Returns how many were changed each way.
 */
export function convertStates(tensors: Tensors, wanted: ReadonlyMap<string, readonly number[]>) {
  const count = { toEightBit: 0, toFloat: 0, toBlocks: 0 };
  for (const names of [...wanted.keys(), ...Object.keys(tensors)].flatMap(namesOf)) {
    const [float, codes, absmax] = [names.float, names.codes, names.absmax].map((name) => tensors[name]);
    const book = STATE_BOOKS[names.kind];
    const block = wantedBlock(wanted, names);
    const given = codes && absmax && blockOf(codes.shape, absmax.data.length);
    const put = (values: Float32Array, shape: number[], size: Block) => {
      const state = encodeState(values, book, size);
      tensors[names.codes] = { dtype: 'uint8', shape, data: state.codes };
      tensors[names.absmax] = float32(state.absmax);
    };
    const values = () => decodeState(codes.data as Uint8Array, absmax.data as Float32Array, book, given!);
    if (float && block && sameShape(float, wanted.get(names.codes)!)) {
      delete tensors[names.float];
      put(float.data as Float32Array, float.shape, block);
      count.toEightBit++;
    } else if (given && wanted.has(names.float)) {
      delete tensors[names.codes];
      delete tensors[names.absmax];
      tensors[names.float] = float32(values(), codes.shape);
      count.toFloat++;
    } else if (given && block && block !== given) {
      put(values(), codes.shape, block);
      count.toBlocks++;
    }
  }
  return count;
}

/** A state's names in both forms, from that of its codes. */
function namesOf(name: string): { kind: StateKind; float: string; codes: string; absmax: string }[] {
  const [, scope, kind, weight] = CODES.exec(name) ?? [];
  if (!scope) return [];
  const [float, absmax] = [`${scope}/${kind}/${weight}`, `${scope}/${kind}/absmax/${weight}`];
  return [{ kind: kind as StateKind, float, codes: name, absmax }];
}

const sameShape = ({ dtype, shape }: HostTensor, other: readonly number[]): boolean =>
  dtype === 'float32' && shape.join() === other.join();

/** The size of the blocks of a state that is wanted in 8 bit. */
function wantedBlock(wanted: ReadonlyMap<string, readonly number[]>, names: { codes: string; absmax: string }) {
  const [shape, scales] = [wanted.get(names.codes), wanted.get(names.absmax)];
  return shape && scales && blockOf(shape, scales[0]);
}

/** The size of the blocks of a state with so many scales; undefined where no size fits. */
const blockOf = (shape: readonly number[], scales: number): Block | undefined =>
  BLOCKS.find((block) => blocksOf(sizeOf(shape), block) === scales);

/** As the graph encodes a state: the nearest code to each value over its block's largest magnitude, which is kept. */
export function encodeState(
  values: Float32Array,
  book: CodeBook,
  size: Block,
): { codes: Uint8Array; absmax: Float32Array } {
  const codes = new Uint8Array(values.length);
  const absmax = new Float32Array(blocksOf(values.length, size));
  for (let block = 0; block < absmax.length; block++) {
    const from = block * size;
    const part = values.subarray(from, from + size);
    for (const value of part) absmax[block] = Math.max(absmax[block], Math.abs(value));
    const scale = absmax[block] || 1;
    codes.set(
      nearestCodes(
        part.map((value) => value / scale),
        book,
      ),
      from,
    );
  }
  return { codes, absmax };
}

/** The values of a state in 8 bit. */
export function decodeState(codes: Uint8Array, absmax: Float32Array, { values }: CodeBook, size: Block): Float32Array {
  const state = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) state[i] = values[codes[i]] * absmax[Math.floor(i / size)];
  return state;
}
