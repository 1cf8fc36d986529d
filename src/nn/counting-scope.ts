import type { Variable } from '../engine/variable.js';
import { type DType, sizeOf } from '../host-tensor.js';
import type { Scope } from './scope.js';

/** A scope that draws no values and needs no session, and what was created in it: the shapes of a network without its memory. */
export interface CountingScope {
  scope: Scope;
  /** Trained numbers so far; buffers do not count. */
  count(): number;
  /** Shape of every variable, by its name below the root. */
  shapes(): ReadonlyMap<string, readonly number[]>;
}

/** Counts the parameters of a full-sized network without filling them. */
export function countingScope(): CountingScope {
  const params: Variable[] = [];
  const buffers: Variable[] = [];
  const all = new Map<string, readonly number[]>();
  const create = (list: Variable[], name: string, shape: number[], dtype?: DType): Variable => {
    if (all.has(name)) throw new Error(`there is already a variable '${name}'`);
    if (sizeOf(shape) === 0) throw new Error(`variable '${name}' would be empty: shape [${shape}]`);
    const variable = unusable(name, shape, dtype);
    all.set(name, shape);
    list.push(variable);
    return variable;
  };
  const at = (path: string): Scope => {
    const below = (name: string | number) => (path ? `${path}/${name}` : String(name));
    const within = (list: Variable[]) => list.filter(({ name }) => path === '' || name.startsWith(`${path}/`));
    return {
      path,
      child: (name) => at(below(name)),
      param: (name, shape) => create(params, below(name), shape),
      buffer: (name, shape, _, dtype) => create(buffers, below(name), shape, dtype),
      params: () => within(params),
      buffers: () => within(buffers),
    };
  };
  return {
    scope: at(''),
    count: () => params.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    shapes: () => all,
  };
}

function unusable(name: string, shape: number[], dtype: DType = 'float32'): Variable {
  const refuse = (): never => {
    throw new Error(`'${name}' was only counted: it has no value`);
  };
  return {
    name,
    shape,
    dtype,
    get handle() {
      return refuse();
    },
    read: refuse,
    assign: refuse,
  };
}
