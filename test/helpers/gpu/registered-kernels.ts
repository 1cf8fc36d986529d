import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NodeAttributes } from './graph-nodes.js';

/** A kernel that TensorFlow's library for GPUs registers; one of DEFAULT serves every device that has none of its own. */
export interface RegisteredKernel {
  device: 'GPU' | 'DEFAULT';
  /** What it takes, by attribute, in TensorFlow's numbers. */
  types: Record<string, number[]>;
  /** Arguments that lie in the host's memory. */
  host: string[];
}

interface Registered {
  /** Names of the arguments; `data[T]` is a list, as long as the attribute T says. */
  in: string[];
  out: string[];
  kernels: RegisteredKernel[];
}

/** See test/fixtures/gpu/registered_kernels.py, which wrote it. */
const fixture = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../../../test/fixtures/gpu/kernels.json', import.meta.url)), 'utf8'),
) as { version: string; ops: Record<string, Registered> };

/** Version of the library whose kernels are known. */
export const registeredVersion = fixture.version;

/** What is registered for an op; throws where the fixture does not know it. */
export function registered(op: string): Registered {
  const found = fixture.ops[op];
  if (found) return found;
  throw new Error(`test/fixtures/gpu/kernels.json knows no ${op}: add it with registered_kernels.py FOLDER ${op}`);
}

/** The kernel that a GPU runs an op of these attributes with; undefined where the CPU has to. */
export function kernelOf(op: string, attributes: NodeAttributes): RegisteredKernel | undefined {
  const { kernels } = registered(op);
  const takes = ({ types }: RegisteredKernel) =>
    Object.entries(types).every(([name, allowed]) =>
      (attributes.types[name] ?? []).every((type) => allowed.includes(type)),
    );
  const of = (device: string) => kernels.find((kernel) => kernel.device === device && takes(kernel));
  return of('GPU') ?? of('DEFAULT');
}

/** The formal argument that each of a flat list of `count` inputs or outputs belongs to. */
export function argumentNames(formal: readonly string[], { types, numbers }: NodeAttributes, count: number): string[] {
  const names = formal.flatMap((argument) => {
    const [, name, length] = /^(\w+)(?:\[(\w+)\])?$/.exec(argument)!;
    if (length === undefined) return [name];
    return Array<string>(numbers[length] ?? types[length].length).fill(name);
  });
  if (names.length !== count) throw new Error(`${count} arguments for ${formal.join(', ')}`);
  return names;
}
