import test from 'ava';
import { DT } from '../../../src/engine/graph/data-types.js';
import { hits } from '../../../src/engine/ops/hits.js';
import { float32, int32 } from '../../../src/host-tensor.js';
import { withSession } from '../../helpers/session.js';

test('a row counts where its largest score is that of its class, and no whole numbers are compared', async (t) => {
  await withSession(async (session) => {
    const { graph } = session;
    const compared: number[] = [];
    const add = graph.add.bind(graph);
    graph.add = (type, inputs, attributes) => {
      if (type === 'Equal') compared.push(inputs[0].dataType);
      return add(type, inputs, attributes);
    };
    const run = session.compile('hits', ({ scores, labels }) => ({ right: hits(scores, labels) }));
    const scores = float32(Float32Array.of(0, 2, 1, 5, 4, -1, 0.5, 0.25, 0.75), [3, 3]);
    const { right } = await run({ scores, labels: int32(Int32Array.of(1, 1, 2)) });
    t.deepEqual(Array.from(right.data as Float32Array), [1, 0, 1]);
    t.deepEqual(compared, [DT.FLOAT]);
  });
});
