import test from 'ava';
import { newRegistry } from '../../helpers/recipes/run-stage.js';

test('correction without a gate, or before it opens, is refused before the run', async (t) => {
  const registry = newRegistry();
  const plugin = await registry.load('stage', 'finetune');
  const options = {
    batchSize: 8,
    accumulate: 1,
    epochs: 6,
    cropSeconds: 1,
    speeds: [1],
    sampling: { kind: 'shuffled' },
    objectives: [],
    domainNorms: false,
    init: 'model',
    classifier: 'new',
    loss: { name: 'aam-softmax', options: { margin: 0.2, scale: 32 } },
  };
  const faults = async (more: object) => {
    const context = { seed: 1, device: 'cpu' as const, threads: 0, registry, log: () => {} };
    return (await plugin.check!(context, { ...options, ...more } as never)) ?? [];
  };
  const gate = { name: 'dynamic', options: {} };
  const opens = { gate, gateFromEpoch: 3 };
  t.deepEqual(await faults({ ...opens, correction: { fromEpoch: 3 } }), []);
  t.deepEqual(await faults({}), []);
  t.regex((await faults({ correction: { fromEpoch: 5 } })).join(), /only samples that a gate rejects are corrected/);
  t.regex(
    (await faults({ ...opens, correction: { fromEpoch: 2 } })).join(),
    /2 is before the gate opens \(gateFromEpoch: 3\)/,
  );
});
