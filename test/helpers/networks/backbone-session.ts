import type { Session } from '../../../src/engine/session/session.js';
import type { Tensor } from '../../../src/engine/tf.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import type { Backbone } from '../../../src/nn/backbone.js';
import type { Pass } from '../../../src/nn/pass.js';
import type { Scope } from '../../../src/nn/scope.js';
import { createRng } from '../../../src/random.js';

/**
 * Gives scales, offsets and running statistics values as after training: as they start, many mistakes do not show
 * (a padded zero normalises to zero). Scales and variances change by a factor, so that what starts small stays small.
 */
export async function liveIn(session: Session, scope: Scope, seed: number | string = 0): Promise<void> {
  const rng = createRng(seed).fork('live-in');
  const vectors = [...scope.params(), ...scope.buffers()].filter(({ shape }) => shape.length === 1);
  const values = await session.save(vectors.map(({ name }) => name));
  const lived = ({ name }: { name: string }): HostTensor => {
    const { shape, data } = values[name];
    const draw = (value: number) => (/(scale|variance)$/.test(name) ? value * rng.uniform(0.5, 2) : 0.3 * rng.normal());
    return { dtype: 'float32', shape, data: Float32Array.from(data as Float32Array, draw) };
  };
  await session.load(Object.fromEntries(vectors.map((variable) => [variable.name, lived(variable)])));
}

/** Compiles a backbone; `lengths` may be fed for padded rows. */
export function embedder(session: Session, backbone: Backbone, training = false) {
  const run = session.compile('embed', ({ features, lengths }: Record<string, Tensor>) => {
    const pass: Pass = { training, lengths };
    return { vectors: backbone.embed(features, pass) };
  });
  return async (features: HostTensor, lengths?: HostTensor): Promise<HostTensor> =>
    (await run(lengths ? { features, lengths } : { features })).vectors;
}
