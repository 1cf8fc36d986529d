import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A kernel that TensorFlow for CUDA registers for GPUs (`GPU`), or for any device (`DEFAULT`). */
export interface Kernel {
  op: string;
  device: 'GPU' | 'DEFAULT';
  /** Element types that it takes, by the op's attribute. */
  types: Record<string, number[]>;
  /** Arguments that lie in the host's memory. */
  host: string[];
}

/** A formal argument of an op: one tensor, or as many as an attribute says, or of the types that it lists. */
export interface Argument {
  name: string;
  /** The attribute with its type; '' for a fixed or a mixed one. */
  typeAttr: string;
  numberAttr: string;
  listAttr: string;
}

interface Registered {
  kernels: Kernel[];
  definitions: Record<string, { inputs: Argument[]; outputs: Argument[] }>;
}

const path = fileURLToPath(new URL('../../../../test/fixtures/gpu/kernels.json', import.meta.url));

/** What `test/fixtures/gpu/make-kernels.py` read from the library, for the ops that graphs of voxloop are made of. */
export const registered = JSON.parse(readFileSync(path, 'utf8')) as Registered;

/** The kernel that a GPU would run an operation by; undefined where there is none, so that the host runs it. */
export function kernelOf(op: string, attributes: ReadonlyMap<string, number>): Kernel | undefined {
  const fits = ({ types }: Kernel) =>
    Object.entries(types).every(([name, allowed]) => {
      const type = attributes.get(name);
      return type === undefined || allowed.includes(type);
    });
  const own = registered.kernels.filter((kernel) => kernel.op === op && fits(kernel));
  return own.find(({ device }) => device === 'GPU') ?? own.find(({ device }) => device === 'DEFAULT');
}

/** For each of `count` tensors, the argument that it is. */
export function argumentsOf(args: readonly Argument[], count: number): Argument[] {
  const lists = args.filter(({ numberAttr, listAttr }) => numberAttr !== '' || listAttr !== '').length;
  const each = lists === 0 ? 0 : (count - (args.length - lists)) / lists;
  return args.flatMap((arg) => (arg.numberAttr || arg.listAttr ? Array<Argument>(each).fill(arg) : [arg]));
}
