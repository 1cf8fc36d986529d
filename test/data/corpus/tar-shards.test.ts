import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildTarCorpus } from '../../../src/data/corpus/tar-shards.js';
import { readManifest } from '../../../src/data/manifest.js';
import { readUtterance } from '../../../src/data/shards/shards.js';
import { openCorpusFolder, writeNoise } from '../../helpers/corpora/made-recordings.js';
import { tarFile } from '../../helpers/corpora/tar-file.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('tar shards: read in place with their speakers; a cut shard counts up to the cut', async (t) => {
  const folder = temporaryFolder(t);
  const root = join(folder, 'shards');
  mkdirSync(root);
  writeNoise(join(folder, 'x.wav'));
  const sound = readFileSync(join(folder, 'x.wav'));
  const pair = (key: string, speaker: string) => [
    { name: `${key}.spk`, content: `${speaker}\n` },
    { name: `${key}.wav`, content: sound },
  ];
  writeFileSync(
    join(root, 'shards_000.tar'),
    tarFile([...pair('id1/v/1.wav', 'id1'), ...pair('id2/v/1.wav', 'id2'), { name: 'odd.txt', content: '' }]),
  );
  const cut = tarFile([...pair('id3/v/1.wav', 'id3'), ...pair('id4/v/1.wav', 'id4')]);
  writeFileSync(join(root, 'shards_001.tar'), cut.subarray(0, cut.length - 3000));
  const out = join(folder, 'out');
  const summary = await buildTarCorpus({ root, out, jobs: 1 });
  t.like(summary, { utterances: 3, speakers: 3, skipped: { 'cut short': 1 } });
  t.deepEqual(
    readManifest(out).utterances.map(({ path, speaker }) => [path, speaker]),
    [
      ['id1/v/1.wav', 'id1'],
      ['id2/v/1.wav', 'id2'],
      ['id3/v/1.wav', 'id3'],
    ],
  );
  t.is(readUtterance(openCorpusFolder(out).train, 2).length, 4800);
});
