import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildDebianCorpus } from '../../../../src/data/corpus/debian/debian.js';
import { bundledSplitList, readSplitList } from '../../../../src/data/corpus/split-list.js';
import { checkManifest, readManifest } from '../../../../src/data/manifest.js';
import { readTrials } from '../../../../src/data/trials.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

// Needs the network, apt and some minutes: asked for by VOXLOOP_TEST_DEBIAN=1.
const optIn = process.env.VOXLOOP_TEST_DEBIAN === '1' ? test : test.skip;

optIn('the packages give the corpus that the split list was made for', async (t) => {
  t.timeout(600_000);
  const log = (line: string) => t.log(line);
  const summary = await buildDebianCorpus({ out: join(temporaryFolder(t), 'corpus'), log });
  const list = readSplitList(bundledSplitList('debian'));
  const counts = new Map<string, number>();
  const manifest = readManifest(summary.dir);
  checkManifest(manifest);
  for (const { speaker, split } of manifest.utterances) {
    counts.set(speaker!, (counts.get(speaker!) ?? 0) + 1);
    t.is(list.get(speaker!)?.side, split);
  }
  for (const [speaker, { side, utterances }] of list) {
    if (side !== 'none') t.is(counts.get(speaker), utterances, speaker);
  }
  t.like(summary, { utterances: 816, speakers: 43, seconds: 3264, skipped: { duplicate: 65 } });
  t.deepEqual(summary.test, { utterances: 245, speakers: 12 });
  const [clean, channel] = ['clean', 'channel'].map((name) => readTrials(join(summary.dir, 'trials', `${name}.txt`)));
  t.is(clean.length, channel.length);
  t.is(clean.filter(({ target }) => target).length, clean.length / 2);
  for (const name of ['LICENSES.md', 'sources.tsv', 'skipped.tsv']) t.true(existsSync(join(summary.dir, name)));
});
