import test from 'ava';
import { createGroup } from '../../../src/engine/workers/group.js';
import { placementOf, withGpuTracing } from '../../helpers/gpu/run-places.js';
import { noiseBatch, smallPretrainer } from '../../helpers/training/small-training.js';

test('of a worker on a GPU what travels goes through the host, and nothing else but the finite check', async (t) => {
  await withGpuTracing(async (session) => {
    // One of two workers, as far as its graph goes.
    Object.assign(session, { workers: createGroup({ rank: 0, count: 2, target: '' }) });
    const trainer = smallPretrainer(session, { name: 'sgd' });
    const schedule = trainer.method.schedule?.({ step: 0, steps: 6, epoch: 0 });
    const [{ compiled, inputs }] = trainer.functions(noiseBatch('x'), { step: 0, rate: 0.01, ...schedule });
    const { missing, copies } = await placementOf(session, compiled, inputs);
    t.deepEqual(missing, []);
    const toHost = copies.filter(({ kind }) => kind === 'to-host').flatMap(({ into }) => into);
    t.deepEqual([...new Set(toHost)].sort(), ['Assert', 'CollectiveGatherV2', 'CollectiveReduceV2']);
    const back = copies.filter(({ kind, constant }) => kind === 'to-device' && !constant).map(({ from }) => from);
    t.true(back.length > 0);
    t.deepEqual(
      back.filter((from) => !from.includes('Collective')),
      [],
    );
  });
});
