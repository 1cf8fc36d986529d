import type { Session } from '../../../src/engine/session/session.js';
import { float32, type HostTensor, sizeOf } from '../../../src/host-tensor.js';
import { normals } from '../random-values.js';

/**
 * Gives every variable of a session values of its own, so that networks which start alike differ: normal ones times 0.7; scales of
 * norms around 1.5, variances above 0, the centre nearer to 0.
 */
export async function drawWeights(session: Session): Promise<void> {
  const drawn = [...session.variables.values()].map(({ name, shape }): [string, HostTensor] => {
    const values = normals(sizeOf(shape), name, name.endsWith('center/value') ? 0.1 : 0.7);
    if (name.endsWith('norm/scale'))
      return [
        name,
        float32(
          values.map((value) => value + 1.5),
          shape,
        ),
      ];
    return [name, float32(name.endsWith('variance') ? values.map(Math.abs) : values, shape)];
  });
  await session.load(Object.fromEntries(drawn));
}
