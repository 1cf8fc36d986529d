import test from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import { float32 } from '../../src/host-tensor.js';
import { updateEma } from '../../src/optim/ema.js';
import { close } from '../helpers/close.js';
import { withSession } from '../helpers/session.js';

test('targets move towards their sources by 1 - momentum', async (t) => {
  await withSession(async (session) => {
    const targets = [session.variable('a', [2], float32([1, 2])), session.variable('b', [1], float32([-4]))];
    const sources = [session.variable('c', [2], float32([3, -2])), session.variable('d', [1], float32([4]))];
    const follow = session.compile('follow', ({ momentum }: Record<string, Tensor>) => {
      updateEma(targets, sources, momentum);
      return {};
    });
    const values = async () =>
      Object.values(await session.save(['a', 'b'])).flatMap(({ data }) => [...data]) as number[];
    await follow({ momentum: 0.75 });
    close(t, await values(), [1.5, 1, -2], 1e-6);
    await follow({ momentum: 0 });
    close(t, await values(), [3, -2, 4], 1e-6);
    await follow({ momentum: 1 });
    close(t, await values(), [3, -2, 4], 0);
    t.throws(() => updateEma(targets, sources.slice(1), 0.5), { message: /2 variables from 1/ });
  });
});
