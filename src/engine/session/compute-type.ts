import { float32 } from '../../host-tensor.js';
import { conv2d } from '../ops/conv2d.js';
import { random } from '../random.js';
import { type Tensor, tf } from '../tf.js';
import { openSession } from './session.js';
import type { SessionOptions } from './session-config.js';

/**
 * The type to compute in: the one asked for, or with `auto` bfloat16 where it is faster on this device. `threads` as for the
 * sessions that follow: the probe may be the first session of the process, which sets their number.
 */
export async function computeType(
  device: SessionOptions['device'],
  asked: 'float32' | 'bfloat16' | 'auto',
  threads = 0,
): Promise<'float32' | 'bfloat16'> {
  if (asked !== 'auto') return asked;
  const wide = await convolutionMs({ device, threads, compute: 'float32' });
  const narrow = await convolutionMs({ device, threads, compute: 'bfloat16' });
  // A processor without bfloat16 instructions is several times slower in it; a small gain is not worth the precision.
  return narrow < 0.8 * wide ? 'bfloat16' : 'float32';
}

/** Best time of a ResNet-like convolution: a probe says more than a list of processor flags. */
export async function convolutionMs(options: SessionOptions): Promise<number> {
  const session = openSession(options);
  try {
    const filter = session.variable(
      'filter',
      [3, 3, 64, 64],
      float32(new Float32Array(3 * 3 * 64 * 64).fill(0.01), [3, 3, 64, 64]),
    );
    const probe = session.compile('probe', (_: Record<string, Tensor>) => {
      let x = random.normal([4, 100, 40, 64], 'input');
      for (let i = 0; i < 4; i++) x = conv2d(x, filter.read(), { pad: [1, 1] });
      return { sum: tf.sum(x) };
    });
    let best = Number.POSITIVE_INFINITY;
    for (let step = 0; step < 5; step++) {
      const start = performance.now();
      await probe({ step });
      best = Math.min(best, performance.now() - start);
    }
    return best;
  } finally {
    await session.close();
  }
}
