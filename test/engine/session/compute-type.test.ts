import test from 'ava';
import { computeType, probeConvolutions, timesOfAll } from '../../../src/engine/session/compute-type.js';
import { withExchange } from '../../../src/engine/session/exchange.js';
import { withSession } from '../../helpers/session.js';
import { openGroups } from '../../helpers/workers/in-process.js';

test('a GPU is tried with hundreds of GFLOP, a processor with a few', async (t) => {
  const gflop = (onGpu: boolean) =>
    withSession(async (session) => (2 * probeConvolutions(session, onGpu).multiplyAdds({ step: 0 })) / 1e9);
  const [gpu, cpu] = [await gflop(true), await gflop(false)];
  t.true(gpu > 300 && gpu < 1000, `${gpu}`);
  t.true(cpu > 1 && cpu < 10, `${cpu}`);
});

test('a type that was asked for is taken untried', async (t) => {
  t.is(await computeType({ device: 'gpu' }, 'bfloat16'), 'bfloat16');
});

const groups = openGroups(2);

test.serial('workers whose devices differ get the times of all, and so the same type', async (t) => {
  const own = [
    { float32: 3, bfloat16: 1.5 },
    { float32: 3, bfloat16: 20 },
  ];
  const times = await Promise.all(
    (await groups).map((group, rank) => withExchange(group, 1, (exchange) => timesOfAll(exchange, own[rank]))),
  );
  t.deepEqual(times, Array(2).fill({ float32: 6, bfloat16: 21.5 }));
});

test.serial('workers that are to find the faster type out find the same', async (t) => {
  const place = { device: 'cpu', threads: 1 } as const;
  const types = await Promise.all((await groups).map((workers) => computeType({ ...place, workers }, 'auto')));
  t.true(['float32', 'bfloat16'].includes(types[0]));
  t.is(types[1], types[0]);
});
