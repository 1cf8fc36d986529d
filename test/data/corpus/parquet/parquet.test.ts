import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { openPartDecoder } from '../../../../src/data/audio-part.js';
import { loadHyparquet } from '../../../../src/data/corpus/parquet/hyparquet.js';
import { buildParquetCorpus, readParquetCorpus } from '../../../../src/data/corpus/parquet/parquet.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { UserError } from '../../../../src/errors.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

const fixture = fileURLToPath(new URL('../../../../../test/fixtures/parquet/voices.parquet', import.meta.url));

// These run where hyparquet is installed: beside voxloop, or in the folder that VOXLOOP_TEST_HYPARQUET names.
if (process.env.VOXLOOP_TEST_HYPARQUET) process.chdir(process.env.VOXLOOP_TEST_HYPARQUET);
const isThere = [import.meta.url, join(process.cwd(), 'package.json')].some((file) => {
  try {
    return createRequire(file).resolve('hyparquet') !== '';
  } catch {
    return false;
  }
});
const withHyparquet = (title: string, act: (t: ExecutionContext) => Promise<void>) =>
  isThere ? test(title, act) : test.skip(`${title} (hyparquet is not installed)`, act);

withHyparquet(
  'rows are utterances by their columns; those without bytes are left out when they are decoded',
  async (t) => {
    const out = join(temporaryFolder(t), 'out');
    const summary = await buildParquetCorpus({ root: fixture, out, jobs: 1 });
    t.like(summary, { utterances: 3, speakers: 2, skipped: { 'empty or silent': 1 } });
    t.deepEqual(
      readManifest(out).utterances.map(({ path, speaker, gender, seconds }) => [path, speaker, gender, seconds]),
      [
        ['u1', '19', 'f', 0.25],
        ['u2', '19', 'f', 0.3],
        ['u3', '26', 'm', 0.35],
      ],
    );
  },
);

withHyparquet('the samples of a row are those of its file, whatever row was read before', async (t) => {
  const decode = openPartDecoder();
  const lengths = [];
  for (const row of [2, 0, 1]) lengths.push((await decode(fixture, { parquet: { column: 'audio', row } })).length);
  t.deepEqual(lengths, [5600, 4000, 4800]);
  // The first 16-bit sample of random.Random(1).randint(-8000, 8000).
  const [first] = await decode(fixture, { parquet: { column: 'audio', row: 0 } });
  t.is(first, FIRST_SAMPLE / 32768);
});

/** As make.py drew it. */
const FIRST_SAMPLE = -5799;

withHyparquet('columns that are not there, and files that are no Parquet, are told', async (t) => {
  const fails = (path: string, columns: object, message: RegExp) =>
    t.throwsAsync(readParquetCorpus(path, columns), { instanceOf: UserError, message });
  await fails(fixture, { audioField: 'sound' }, /has no column sound\. It has: audio, id, speaker_id, gender/);
  await fails(
    fixture,
    { speakerField: 'audio' },
    /no column audio of texts or numbers\. It has: id, speaker_id, gender/,
  );
  const folder = temporaryFolder(t, { 'x.parquet': 'PAR1 and something else entirely PAR1', 'y/z.txt': '' });
  await fails(join(folder, 'x.parquet'), {}, /x\.parquet is not a Parquet file that can be read/);
  await fails(join(folder, 'none'), {}, /none does not exist/);
  const named = await readParquetCorpus(fixture, { speakerField: 'gender' });
  t.deepEqual(
    [...named.utterances].map(({ speaker }) => speaker),
    ['F', 'F', 'M', null],
  );
});

if (!isThere)
  test('without hyparquet the command to install it is told', async (t) => {
    await t.throwsAsync(loadHyparquet(), { instanceOf: UserError, message: /npm install hyparquet/ });
  });
