import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { Scope } from './scope.js';

/**
 * Scopes whose variables are equal parts, along `axis` (counted from the end: -1, -2), of variables of `scope`: layers built in
 * them are the branches of one wide layer, and a checkpoint knows the wide layer only. A vector is cut along its only axis.
 */
export function partScopes(scope: Scope, parts: number, axis: -1 | -2): Scope[] {
  if (parts === 1) return [scope];
  const wholes = new Map<string, Variable>();
  return Array.from({ length: parts }, (_, index) => partOf(scope, { index, parts, axis, wholes }));
}

interface Part {
  index: number;
  parts: number;
  axis: number;
  /** Variables that an earlier part has created. */
  wholes: Map<string, Variable>;
}

function partOf(scope: Scope, part: Part): Scope {
  const create = (name: string, shape: number[], make: (shape: number[]) => Variable): Variable => {
    const along = Math.max(shape.length + part.axis, 0);
    const path = `${scope.path}/${name}`;
    const whole = part.wholes.get(path) ?? make(shape.map((size, i) => (i === along ? size * part.parts : size)));
    part.wholes.set(path, whole);
    return partOfVariable(whole, shape, along, part);
  };
  return {
    path: scope.path,
    child: (name) => partOf(scope.child(name), part),
    param: (name, shape, initial) => create(name, shape, (whole) => scope.param(name, whole, initial)),
    buffer: (name, shape, initial, dtype) => create(name, shape, (whole) => scope.buffer(name, whole, initial, dtype)),
    params: () => scope.params(),
    buffers: () => scope.buffers(),
  };
}

function partOfVariable(whole: Variable, shape: number[], along: number, { index, parts }: Part): Variable {
  const pieces = (): Tensor[] => tf.split(whole.read(), parts, along);
  return {
    name: whole.name,
    shape,
    dtype: whole.dtype,
    get handle() {
      return whole.handle;
    },
    read: () => pieces()[index],
    assign(value) {
      whole.assign(
        tf.concat(
          pieces().map((piece, i) => (i === index ? value : piece)),
          along,
        ),
      );
    },
  };
}
