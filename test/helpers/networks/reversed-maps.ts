import { openSession } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';

// Run as a program: holds as many maps of 16 MiB at once as its argument says, and prints how that ended.
const session = openSession({ device: 'cpu' });
const maps = session.compile('maps', ({ x }) => {
  // All of them wait for their sum.
  const reversed: Tensor[] = [x];
  for (let i = 0; i < Number(process.argv[2]); i++) reversed.push(tf.reverse(reversed[i], i % 2));
  return { corner: tf.slice(tf.addN(reversed.slice(1)), [0, 0], [1, 1]) };
});
try {
  await maps({ x: float32(new Float32Array(2 ** 22), [2048, 2048]) });
  process.stdout.write('done');
} catch (error) {
  const { message, exitCode } = error as Error & { exitCode?: number };
  process.stdout.write(`${(error as Error).constructor.name} ${exitCode} ${message}`);
}
await session.close();
