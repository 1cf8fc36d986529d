import test from 'ava';
import { computeType, probeConvolutions } from '../../../src/engine/session/compute-type.js';
import { withSession } from '../../helpers/session.js';

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
