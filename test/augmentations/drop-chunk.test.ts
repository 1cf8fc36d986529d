import test from 'ava';
import { dropChunkOptions, dropChunks } from '../../src/augmentations/drop-chunk.js';
import { changed } from '../helpers/rows.js';

test('chunks of the stated number and length are silenced', async (t) => {
  const ones = Array.from({ length: 100 }, () => new Float32Array(3000).fill(1));
  const options = dropChunkOptions.parse({ chunks: [1, 3], samples: [100, 200] });
  const dropped = await changed(ones, (wave) => dropChunks(wave, options, 'd'));
  const counts = dropped.map((row) => {
    const edges = row.filter((value, i) => i > 0 && value !== row[i - 1]).length;
    const silent = row.filter((value) => value === 0).length;
    t.true(row.every((value) => value === 0 || value === 1));
    t.true(silent >= 100 && silent <= 600, `${silent}`);
    return edges;
  });
  t.true(Math.max(...counts) === 6 && Math.min(...counts) <= 2, `${counts}`);
  const longer = await changed([new Float32Array(50).fill(1)], (wave) => dropChunks(wave, options, 'd'));
  t.deepEqual(longer[0], new Float32Array(50));
});
