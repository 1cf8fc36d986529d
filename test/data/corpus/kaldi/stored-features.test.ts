import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { featureDefinition } from '../../../../src/audio/features/features.js';
import { buildKaldiCorpus } from '../../../../src/data/corpus/kaldi/kaldi.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { openFeatureReader, openReader } from '../../../../src/data/shards/reader.js';
import { UserError } from '../../../../src/errors.js';
import { openCorpusFolder } from '../../../helpers/corpora/made-recordings.js';
import { type Matrices, writeFeats } from '../../../helpers/corpora/stored-corpus.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

const BINS = 5;
const features = featureDefinition.parse({ bins: BINS });

/** Value of a bin in a frame of an utterance. */
const value = (utterance: number, frame: number, bin: number) => 10 * utterance + frame / 8 + 100 * bin;

const matrix = (utterance: number, frames: number) => ({
  frames,
  data: Float32Array.from({ length: frames * BINS }, (_, i) => value(utterance, Math.floor(i / BINS), i % BINS)),
});

const MATRICES: Matrices = { a: matrix(0, 12), b: matrix(1, 40), c: matrix(2, 3) };

for (const [compression, most] of [
  [undefined, 0],
  // Of the range of a matrix, and of the quarters of a column.
  ['CM2', 500 / 65535],
  ['CM', 500 / 65535 + 5 / 63],
] as const) {
  test(`features of feats.scp are copied into shards of frames (${compression ?? 'float'})`, async (t) => {
    const folder = temporaryFolder(t);
    const [root, out] = [join(folder, 'data'), join(folder, 'out')];
    await writeFeats(root, MATRICES, BINS, compression);
    const summary = await buildKaldiCorpus({ root, out, features });
    t.like(summary, { utterances: 3, speakers: 3 });
    // Frames of 25 ms every 10 ms.
    t.deepEqual(
      readManifest(out).utterances.map(({ id, seconds, speaker }) => [id, Number(seconds.toFixed(4)), speaker]),
      [
        ['a', 0.135, 'speaker-0'],
        ['b', 0.415, 'speaker-1'],
        ['c', 0.045, 'speaker-2'],
      ],
    );
    const { train } = openCorpusFolder(out);
    t.deepEqual(train.features, features);
    t.deepEqual([...train.samples], [2160, 6640, 720]);
    const reader = openFeatureReader(train);
    const some = new Float32Array(2 * BINS);
    reader.read(1, 38, some);
    const expected = [38, 39].flatMap((frame) => [0, 1, 2, 3, 4].map((bin) => value(1, frame, bin)));
    t.true(
      some.every((found, i) => Math.abs(found - expected[i]) <= most + 1e-4),
      `${some}`,
    );
    t.throws(() => reader.read(1, 39, some), { message: /frames 39 to 41 are outside utterance 1/ });
    reader.close();
    t.throws(() => openReader(train), {
      instanceOf: UserError,
      message: /holds stored features, and samples are needed/,
    });
  });
}

test('matrices that cannot be used are left out with the reason; a command and a part of a matrix are refused', async (t) => {
  const folder = temporaryFolder(t);
  const [root, out] = [join(folder, 'data'), join(folder, 'out')];
  const broken = matrix(3, 4);
  broken.data[7] = Number.NaN;
  await writeFeats(root, { ...MATRICES, broken, wide: { frames: 2, data: new Float32Array(10) } }, BINS);
  const scp = readFileSync(join(root, 'feats.scp'), 'utf8');
  writeFileSync(join(root, 'feats.scp'), `${scp}gone ${join(folder, 'none.ark')}:7\n`);
  const { utterances, skipped } = await buildKaldiCorpus({ root, out, features });
  t.deepEqual([utterances, skipped], [4, { unreadable: 1, 'not there': 1 }]);
  const reasons = readFileSync(join(out, 'skipped.tsv'), 'utf8');
  t.regex(reasons, /the features of frame 1 are not finite/);
  const other = featureDefinition.parse({ bins: 80 });
  await t.throwsAsync(buildKaldiCorpus({ root, out: `${out}2`, features: other }), {
    instanceOf: UserError,
    message: /features of 5 bins, where 80 are expected/,
  });
  appendFileSync(join(root, 'feats.scp'), 'z copy-feats ark:x.ark ark:- |\n');
  await t.throwsAsync(buildKaldiCorpus({ root, out: `${out}3`, features }), {
    instanceOf: UserError,
    message: /feats\.scp:7: .* is a command; only files and their offsets are read/,
  });
});

test('an interrupted copy goes on where it was, and another definition makes another corpus', async (t) => {
  const folder = temporaryFolder(t);
  const [root, out, whole] = ['data', 'out', 'whole'].map((name) => join(folder, name));
  await writeFeats(root, MATRICES, BINS);
  const stop = new AbortController();
  const progress = (_part: string, done: number) => void (done === 2 && stop.abort(new Error('stopped')));
  await t.throwsAsync(buildKaldiCorpus({ root, out, features, signal: stop.signal, progress }), { message: 'stopped' });
  const lines: string[] = [];
  await buildKaldiCorpus({ root, out, features, log: (line) => lines.push(line) });
  t.true(lines.includes('Resuming an interrupted build.'));
  await buildKaldiCorpus({ root, out: whole, features });
  for (const file of [
    'manifest.tsv',
    'shards/train/index.tsv',
    'shards/train/index.json',
    'shards/train/shard-000.f32',
  ])
    t.deepEqual(readFileSync(join(out, file)), readFileSync(join(whole, file)), file);
  t.true((await buildKaldiCorpus({ root, out, features })).existing);
  const povey = featureDefinition.parse({ bins: BINS, window: 'povey' });
  await t.throwsAsync(buildKaldiCorpus({ root, out, features: povey }), {
    instanceOf: UserError,
    message: /--force/,
  });
});
