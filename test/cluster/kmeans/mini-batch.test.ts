import test from 'ava';
import { createMiniBatch } from '../../../src/cluster/kmeans/mini-batch.js';
import { createRng } from '../../../src/random.js';
import { withSession } from '../../helpers/session.js';
import { drawMixture } from '../mixture.js';
import { nearestCenter, toRows, unitRow } from './naive-kmeans.js';

for (const metric of ['l2', 'cosine'] as const) {
  test(`${metric}: batches of a stream move the centres by Sculley's rule`, async (t) => {
    const size = 5;
    const rng = createRng(1);
    const shape = (row: number[]) => (metric === 'cosine' ? unitRow(row) : row);
    const start = toRows(drawMixture(6, size, 6, 0.5, 2).points, size).map(shape);
    const stream = toRows(drawMixture(90, size, 6, 0.5, 2).points, size).map(shape);
    await withSession(async (session) => {
      const miniBatch = createMiniBatch(
        session,
        { size, batch: 32, metric, name: 'stream' },
        Float32Array.from(start.flat()),
      );
      let centers = start.map((row) => [...row]);
      const counts = new Array<number>(6).fill(0);
      for (let at = 0; at < 90; ) {
        const batch = stream.slice(at, at + 1 + rng.int(32));
        at += batch.length;
        // Sculley 2010, algorithm 1: first all nearest centres, then one step after the other.
        const cached = batch.map((row) => nearestCenter(row, centers));
        batch.forEach((row, i) => {
          const rate = 1 / ++counts[cached[i]];
          centers[cached[i]] = centers[cached[i]].map((value, j) => (1 - rate) * value + rate * row[j]);
        });
        centers = centers.map(shape);
        const { labels } = await miniBatch.update(Float32Array.from(batch.flat()));
        t.deepEqual([...labels], cached);
      }
      t.deepEqual([...miniBatch.counts], counts);
      centers.flat().forEach((value, i) => void t.true(Math.abs(value - miniBatch.centers()[i]) < 1e-5));
      await t.throwsAsync(miniBatch.update(new Float32Array(33 * size)), { name: 'UserError', message: /1 to 32/ });
      await t.throwsAsync(miniBatch.update(new Float32Array(0)), { name: 'UserError' });
      await t.throwsAsync(miniBatch.update(new Float32Array(size).fill(Number.NaN)), { message: /NaN/ });
    });
  });
}
