import { conv2d } from '../ops/conv2d.js';
import { random } from '../random.js';
import { type Tensor, tf } from '../tf.js';
import type { Compiled } from './compile.js';
import { openSession, type Session } from './session.js';
import type { SessionOptions } from './session-config.js';

/**
 * The type to compute in: the one asked for, or with `auto` bfloat16 where it is faster on this device. `threads` as for the
 * sessions that follow: the probe may be the first session of the process, which sets their number. `tf32` as for the training, whose
 * float32 is to be beaten.
 */
export async function computeType(
  place: Pick<SessionOptions, 'device' | 'threads' | 'tf32'>,
  asked: 'float32' | 'bfloat16' | 'auto',
): Promise<'float32' | 'bfloat16'> {
  if (asked !== 'auto') return asked;
  const { device, threads, tf32 } = place;
  const wide = await convolutionMs({ device, threads, tf32, compute: 'float32' });
  const narrow = await convolutionMs({ device, threads, tf32, compute: 'bfloat16' });
  // A processor without bfloat16 instructions is several times slower in it; a small gain is not worth the precision.
  return narrow < 0.8 * wide ? 'bfloat16' : 'float32';
}

/**
 * Convolutions in a row that a device is tried with: images, their height and width, channels. A GPU does the processor's in less time than it
 * takes to start them, and would seem as fast in any type.
 */
const ON_CPU = { count: 4, images: 4, height: 100, width: 40, channels: 64 };
const ON_GPU = { count: 16, images: 32, height: 100, width: 40, channels: 128 };

/** ResNet-like convolutions, of as many multiply-adds as the device is busy with for a while. */
export function probeConvolutions(
  session: Pick<Session, 'variable' | 'compile'>,
  onGpu: boolean,
): Compiled<{ step: number }, { sum: Tensor }> {
  const { count, images, height, width, channels } = onGpu ? ON_GPU : ON_CPU;
  const filter = session.variable('filter', [3, 3, channels, channels], 0.01);
  return session.compile('probe', () => {
    let x = random.normal([images, height, width, channels], 'input');
    for (let i = 0; i < count; i++) x = conv2d(x, filter.read(), { pad: [1, 1] });
    return { sum: tf.sum(x) };
  });
}

/** Best time of such convolutions: a probe says more than a list of processor flags. */
async function convolutionMs(options: SessionOptions): Promise<number> {
  const session = openSession(options);
  try {
    const probe = probeConvolutions(session, session.onGpu);
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
