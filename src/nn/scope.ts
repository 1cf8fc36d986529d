import type { Session } from '../engine/session/session.js';
import type { Variable } from '../engine/variable.js';
import { type DType, float32, sizeOf } from '../host-tensor.js';
import { createRng, type Rng } from '../random.js';

/** Draws a weight's first values from a generator. */
export type Initializer = (shape: number[], rng: Rng) => Float32Array;

/** A named place in the tree of variables; they are trained, checkpointed and loaded under their names in it. */
export interface Scope {
  readonly path: string;
  child(name: string | number): Scope;
  /** A trained weight; a number fills it. Its values depend on the seed and on its name below the root only. */
  param(name: string, shape: number[], initial: Initializer | number): Variable;
  /** A value that is kept but not trained: a running statistic, a centre, a queue. Types but float32 take a number to fill it. */
  buffer(name: string, shape: number[], initial: Initializer | number, dtype?: DType): Variable;
  /** The trained weights created at or below this scope, in order of creation. */
  params(): Variable[];
  /** The buffers at or below this scope. */
  buffers(): Variable[];
}

interface Root {
  session: Session;
  prefix: string;
  rng: Rng;
  params: Variable[];
  buffers: Variable[];
}

/**
 * Opens a root of the tree. Two roots with the same seed and the same layers below get the same values: so a teacher
 * starts equal to its student.
 */
export function createScope(session: Session, prefix: string, seed: number | string): Scope {
  return scopeAt({ session, prefix, rng: createRng(seed), params: [], buffers: [] }, '');
}

function scopeAt(root: Root, local: string): Scope {
  const path = root.prefix + (local ? `/${local}` : '');
  const below = (variables: Variable[]) =>
    variables.filter((variable) => variable.name === path || variable.name.startsWith(`${path}/`));
  const create = (name: string, shape: number[], initial: Initializer | number, dtype?: DType): Variable => {
    const key = local ? `${local}/${name}` : name;
    if (sizeOf(shape) === 0) throw new Error(`variable '${path}/${name}' would be empty: shape [${shape}]`);
    const drawn = (draw: Initializer) => () => float32(draw([...shape], root.rng.fork(key)), [...shape]);
    const value = typeof initial === 'number' ? initial : drawn(initial);
    return root.session.variable(`${path}/${name}`, shape, value, dtype);
  };
  return {
    path,
    child: (name) => scopeAt(root, local ? `${local}/${name}` : String(name)),
    param(name, shape, initial) {
      const variable = create(name, shape, initial);
      root.params.push(variable);
      return variable;
    },
    buffer(name, shape, initial, dtype) {
      const variable = create(name, shape, initial, dtype);
      root.buffers.push(variable);
      return variable;
    },
    params: () => below(root.params),
    buffers: () => below(root.buffers),
  };
}
