import test from 'ava';
import { readDamaged } from '../../bench/fuzz/damage.js';
import { fuzzedReaders } from '../../bench/fuzz/readers.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

/** Of each of some 25 formats: 2,000 in all. */
const FILES = 80;

test('a damaged table or archive is read or refused by an error of the user, never a fault', async (t) => {
  const readers = await fuzzedReaders(temporaryFolder(t));
  let files = 0;
  for (const reader of readers) {
    await t.notThrowsAsync(async () => reader.read(reader.path), `${reader.format}: the sound file`);
    const outcome = await readDamaged(reader, FILES, 14);
    t.deepEqual(outcome.faults, [], reader.format);
    t.true(outcome.refused > 0, `${reader.format}: some damage must be noticed`);
    files += outcome.files;
  }
  t.true(files >= 2000, `${files}`);
});
