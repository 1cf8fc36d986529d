import { conv2d } from '../ops/conv2d.js';
import { random } from '../random.js';
import { type Tensor, tf } from '../tf.js';
import type { Compiled } from './compile.js';
import { type Exchange, withExchange } from './exchange.js';
import { openSession, type Session } from './session.js';
import type { SessionOptions } from './session-config.js';

/**
 * The type to compute in: the one asked for, or with `auto` bfloat16 where it is faster on this device. `threads` as for the
 * sessions that follow: the probe may be the first session of the process, which sets their number. `tf32` as for the training, whose
 * float32 is to be beaten. `workers` try their devices at the same time, and all get the same answer; all of them must ask.
 */
export async function computeType(
  place: Pick<SessionOptions, 'device' | 'threads' | 'tf32' | 'workers'>,
  asked: 'float32' | 'bfloat16' | 'auto',
): Promise<'float32' | 'bfloat16'> {
  if (asked !== 'auto') return asked;
  const { device, threads = 0, tf32, workers } = place;
  const tryTypes = async () => ({
    float32: await convolutionMs({ device, threads, tf32, compute: 'float32' }),
    bfloat16: await convolutionMs({ device, threads, tf32, compute: 'bfloat16' }),
  });
  if (!workers) return fasterType(await tryTypes());
  return withExchange(workers, threads, (exchange) =>
    exchange.during(async () => fasterType(await timesOfAll(exchange, await tryTypes()))),
  );
}

/** Milliseconds that the same work takes in either type. */
type TypeTimes = Record<'float32' | 'bfloat16', number>;

/** A processor without bfloat16 instructions is several times slower in it; a small gain is not worth the precision. */
const fasterType = ({ float32, bfloat16 }: TypeTimes) => (bfloat16 < 0.8 * float32 ? 'bfloat16' : 'float32');

/** The sums over all workers, who wait for the slowest of them in every step: one that is several times slower decides. */
export async function timesOfAll({ sum }: Pick<Exchange, 'sum'>, own: TypeTimes): Promise<TypeTimes> {
  const [float32, bfloat16] = await sum(Float32Array.of(own.float32, own.bfloat16));
  return { float32, bfloat16 };
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
