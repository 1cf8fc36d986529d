import type { Session } from '../../../src/engine/session/session.js';
import { float32, type HostTensor, sizeOf } from '../../../src/host-tensor.js';
import { type PublishedTensor, recipeOf } from '../../../src/import/names/layout.js';
import type { PublishedNames } from '../../../src/import/names/published-names.js';
import type { Scope } from '../../../src/nn/scope.js';
import { drawnKernel, drawnVector, type Range } from './draws.js';

/** Fills the network at `scope` with drawn weights and statistics, taken from their published names, order and shape. */
export async function loadPublished(
  session: Session,
  scope: Scope,
  names: PublishedNames,
  variance: Range,
): Promise<void> {
  const all = [...scope.params(), ...scope.buffers()];
  const tensor = (name: string, shape: readonly number[]): HostTensor => {
    const { from, make } = recipeOf(names, name, shape);
    return float32(make(...from.map((published) => drawn(published, variance))), [...shape]);
  };
  await session.load(
    Object.fromEntries(all.map(({ name, shape }) => [name, tensor(name.slice(scope.path.length + 1), shape)])),
  );
}

function drawn({ name, shape }: PublishedTensor, variance: Range): Float32Array {
  return shape.length === 1 ? drawnVector(name, shape[0], variance) : drawnKernel(name, shape[0], sizeOf(shape));
}
