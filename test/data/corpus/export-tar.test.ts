import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { featureDefinition } from '../../../src/audio/features/features.js';
import { exportTar } from '../../../src/data/corpus/export-tar.js';
import { buildKaldiCorpus } from '../../../src/data/corpus/kaldi/kaldi.js';
import { buildTarCorpus } from '../../../src/data/corpus/tar-shards.js';
import { readManifest, writeManifest } from '../../../src/data/manifest.js';
import { readUtterance } from '../../../src/data/shards/shards.js';
import { indexTar } from '../../../src/data/tar.js';
import { UserError } from '../../../src/errors.js';
import { namedNoise, openCorpusFolder, writeNoise } from '../../helpers/corpora/made-recordings.js';
import { writeFeats } from '../../helpers/corpora/stored-corpus.js';
import { tarFile } from '../../helpers/corpora/tar-file.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const LONG = `utterance-${'long'.repeat(30)}`;
const IDS = ['a.1', 'a_1', 'b', LONG, 'nobody', 'c', 'd'];

/** A corpus of shards of seven utterances, of which two have no speaker, and as many test utterances. */
async function corpusOf(folder: string): Promise<string> {
  const [data, corpus] = [join(folder, 'data'), join(folder, 'corpus')];
  const file = (name: string, lines: string[]) => writeFileSync(join(data, name), `${lines.join('\n')}\n`);
  for (const i of IDS.keys()) writeNoise(join(data, `${i}.wav`), 0.2 + 0.05 * i);
  writeNoise(join(data, 'test.wav'));
  file('wav.scp', [...IDS.map((id, i) => `${id} ${i}.wav`), 'tested test.wav', 'other test.wav']);
  const known = IDS.filter((id) => id !== 'nobody' && id !== 'b');
  file('utt2spk', [...known.map((id, i) => `${id} speaker-${i % 2}`), 'tested z', 'other y']);
  file('trials', ['tested tested target', 'tested other nontarget']);
  await buildKaldiCorpus({ root: data, out: corpus, jobs: 1, trials: [join(data, 'trials')] });
  return corpus;
}

test('exported archives are read back to the same samples and speakers, and equal corpora give equal bytes', async (t) => {
  const folder = temporaryFolder(t);
  const corpus = await corpusOf(folder);
  const [out, again] = [join(folder, 'out'), join(folder, 'again')];
  const written = await exportTar({ corpus, out, perShard: 3 });
  t.deepEqual(written, {
    dir: out,
    train: { archives: 3, utterances: 7 },
    test: { archives: 1, utterances: 2 },
  });
  const archives = ['shards_000000000.tar', 'shards_000000001.tar', 'shards_000000002.tar'];
  t.deepEqual(readdirSync(out).sort(), ['test', 'train']);
  t.deepEqual(readdirSync(join(out, 'train')).sort(), archives);
  await exportTar({ corpus, out: again, perShard: 3 });
  for (const name of archives)
    t.deepEqual(readFileSync(join(out, 'train', name)), readFileSync(join(again, 'train', name)));

  const names = indexTar(join(out, 'train', archives[1])).members.map(({ name }) => name);
  t.deepEqual(names, [`${LONG}.spk`, `${LONG}.wav`, 'nobody.wav', 'c.spk', 'c.wav']);
  const back = join(folder, 'back');
  await buildTarCorpus({ root: join(out, 'train'), out: back, jobs: 1 });
  const [before, after] = [openCorpusFolder(corpus).train, openCorpusFolder(back).train];
  t.is(after.ids.length, 7);
  for (const i of after.ids.keys()) t.deepEqual(readUtterance(after, i), readUtterance(before, i), before.ids[i]);
  const speakers = (dir: string) =>
    readManifest(dir)
      .utterances.filter(({ split }) => split === 'train')
      .map(({ speaker }) => speaker);
  t.deepEqual(speakers(back), speakers(corpus));
  t.is(speakers(back).filter((speaker) => speaker === null).length, 2);
});

test('an archive is, byte for byte, the ustar archive of its members', async (t) => {
  const folder = temporaryFolder(t);
  const corpus = join(folder, 'corpus');
  writeNoise(join(corpus, 'wav', 'x.wav'));
  writeManifest(corpus, [
    { id: 'x', path: 'wav/x.wav', speaker: 'anna', split: 'train', seconds: 0.3, language: null },
  ]);
  await exportTar({ corpus, out: join(folder, 'out') });
  const archive = readFileSync(join(folder, 'out', 'train', 'shards_000000000.tar'));
  const sound = readFileSync(join(corpus, 'wav', 'x.wav'));
  const expected = tarFile([
    { name: 'x.spk', content: 'anna' },
    { name: 'x.wav', content: sound },
  ]);
  // The helper leaves owner and time out of its headers: zeros, in octal, are worth the same.
  const [found, wanted] = [archive, expected].map((bytes) => {
    const plain = Buffer.from(bytes);
    for (const at of [0, 1024]) plain.fill(0, at + 100, at + 124).fill(0, at + 136, at + 156);
    return plain;
  });
  t.deepEqual(found, wanted);
  t.is(sound.length, 44 + 2 * namedNoise('x', 0.3).length);
});

test('an interrupted export goes on with the archive it was at; a folder with something in it is left alone', async (t) => {
  const folder = temporaryFolder(t);
  const corpus = await corpusOf(folder);
  const out = join(folder, 'out');
  const stop = new AbortController();
  const log = (line: string) => void (/1 of 3/.test(line) && stop.abort(new Error('stopped')));
  await t.throwsAsync(exportTar({ corpus, out, perShard: 3, log, signal: stop.signal }), { message: 'stopped' });
  t.false(existsSync(out));
  t.deepEqual(readdirSync(join(`${out}.partial`, 'train')), ['shards_000000000.tar']);
  const lines: string[] = [];
  await exportTar({ corpus, out, perShard: 3, log: (line) => lines.push(line) });
  t.deepEqual(lines.slice(0, 2), ['Resuming an interrupted build.', '  train: 2 of 3 archives']);
  t.false(existsSync(`${out}.partial`));
  await t.throwsAsync(exportTar({ corpus, out }), { instanceOf: UserError, message: /is not empty.*Choose another/ });
});

test('a corpus of stored features has no sound to export', async (t) => {
  const folder = temporaryFolder(t);
  await writeFeats(join(folder, 'data'), { a: { frames: 3, data: new Float32Array(12) } }, 4);
  const features = featureDefinition.parse({ bins: 4 });
  await buildKaldiCorpus({ root: join(folder, 'data'), out: join(folder, 'corpus'), features });
  const failed = exportTar({ corpus: join(folder, 'corpus'), out: join(folder, 'out') });
  await t.throwsAsync(failed, { instanceOf: UserError, message: /holds stored features, and samples are needed/ });
  t.false(existsSync(join(folder, 'out.partial')));
});
