import type { Session } from '../../engine/session/session.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';
import type { MixtureTensors } from './densities.js';

/** A mixture of Gaussians with diagonal covariances. */
export interface Mixture {
  gaussians: number;
  dimensions: number;
  /** [gaussians], of sum 1 */
  weights: Float64Array;
  /** [gaussians, dimensions] */
  means: Float64Array;
  /** [gaussians, dimensions] */
  variances: Float64Array;
}

/** As tensors in memory, by the names that `mixtureBuffers` gives its variables. */
export function mixtureWeights({ gaussians, dimensions, weights, means, variances }: Mixture) {
  const matrix = (values: Float64Array) => float32(Float32Array.from(values), [gaussians, dimensions]);
  return {
    'mixture/weights': float32(Float32Array.from(weights), [gaussians]),
    'mixture/means': matrix(means),
    'mixture/variances': matrix(variances),
  } satisfies Record<string, HostTensor>;
}

/** Variables that hold a mixture, before it is known. */
export function mixtureBuffers(scope: Scope, gaussians: number, dimensions: number): () => MixtureTensors {
  const own = scope.child('mixture');
  const weights = own.buffer('weights', [gaussians], 1 / gaussians);
  const means = own.buffer('means', [gaussians, dimensions], 0);
  const variances = own.buffer('variances', [gaussians, dimensions], 1);
  return () => ({ weights: weights.read(), means: means.read(), variances: variances.read() });
}

/** The same within a session, filled. */
export async function loadMixture(session: Session, scope: Scope, weights: Record<string, HostTensor>): Promise<void> {
  const values = Object.entries(weights).filter(([name]) => name.startsWith('mixture/'));
  await session.load(Object.fromEntries(values.map(([name, value]) => [`${scope.path}/${name}`, value])));
}
