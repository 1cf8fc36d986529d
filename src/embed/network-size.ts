import { type FeatureDefinition, features } from '../audio/features/features.js';
import type { Session } from '../engine/session/session.js';
import type { Tensor } from '../engine/tf.js';
import { float32, sizeOf } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { createScope, type Scope } from '../nn/scope.js';
import { createRng } from '../random.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';

/** What a network takes to embed a recording, alone on a processor. */
export interface NetworkSize {
  /** Trained numbers. */
  parameters: number;
  /** Of its weights and statistics, as float32. */
  weightBytes: number;
  /** Multiply-adds of the network's convolutions and matrix products for a second of audio; without its features. */
  macsPerSecond: number;
  /** Most bytes of tensors that live at once, weights, samples and features included, as predicted from the graph. */
  peakBytes: number;
  /** Seconds of computation for a second of audio, features included: the median of several runs. */
  realTimeFactor: number;
}

/** Runs before the timed ones, and of these at least so many and for so long. */
const [WARM_UP, LEAST_RUNS, TIMED_MS] = [2, 5, 1000];

/**
 * Measures a network with untrained weights, on which none of this depends, over one recording of `seconds`. The session's threads are
 * those that it is timed with.
 */
export async function measureNetwork(
  session: Session,
  build: (scope: Scope) => Backbone,
  definition: FeatureDefinition,
  seconds: number,
): Promise<NetworkSize> {
  const scope = createScope(session, `size${session.variables.size}`, 0);
  const { embed } = build(scope);
  const heard = (wave: Tensor) => features(wave, definition, { name: 'size', dither: false });
  const whole = session.compile('size', ({ wave }: Record<string, Tensor>) => ({
    vector: embed(heard(wave), { training: false }),
  }));
  const alone = session.compile('size-features', ({ wave }: Record<string, Tensor>) => ({ features: heard(wave) }));
  const rng = createRng('size');
  const samples = Math.round(seconds * SAMPLE_RATE_HZ);
  const inputs = {
    wave: float32(
      Float32Array.from({ length: samples }, () => 1000 * rng.normal()),
      [1, samples],
    ),
  };
  const numbers = (variables: { shape: readonly number[] }[]) =>
    variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const parameters = numbers(scope.params());
  return {
    parameters,
    weightBytes: 4 * (parameters + numbers(scope.buffers())),
    macsPerSecond: (whole.multiplyAdds(inputs) - alone.multiplyAdds(inputs)) / seconds,
    peakBytes: whole.predict(inputs).peakBytes,
    realTimeFactor: (await medianMs(() => whole(inputs))) / (1000 * seconds),
  };
}

async function medianMs(run: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < WARM_UP; i++) await run();
  const times: number[] = [];
  const start = performance.now();
  while (times.length < LEAST_RUNS || performance.now() - start < TIMED_MS) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}
