import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { checkManifest, readManifest, type Utterance, writeManifest } from '../../src/data/manifest.js';
import { UserError } from '../../src/errors.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const HEADER = 'id\tpath\tspeaker\tsplit\tseconds\tlanguage\n';

const utterance = (more: Partial<Utterance> = {}): Utterance => ({
  id: 'a',
  path: 'wav/s/a.wav',
  speaker: 's',
  split: 'train',
  seconds: 4,
  language: 'de-DE',
  ...more,
});

test('what was written is read back', (t) => {
  const dir = temporaryFolder(t);
  const word = fc.stringMatching(/^[^\t\r\n-][^\t\r\n]{0,12}$/);
  const one = fc.record({
    path: word,
    speaker: fc.option(word),
    split: fc.constantFrom('train' as const, 'test' as const),
    seconds: fc.double({ min: 0, max: 1e5, noNaN: true }).map((value) => value + 0),
    language: fc.option(word),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 5 }), (rows) => {
      const utterances = rows.map((row, i) => ({ ...row, id: `id${i}` }));
      writeManifest(dir, utterances);
      t.deepEqual(readManifest(dir), { dir, utterances });
    }),
    { numRuns: 20 },
  );
});

test('unknown speakers and languages are dashes; the order of columns and further ones do not matter', (t) => {
  const dir = temporaryFolder(t);
  const file = join(dir, 'manifest.tsv');
  writeManifest(dir, [utterance({ speaker: null, language: null })]);
  t.is(readFileSync(file, 'utf8'), `${HEADER}a\twav/s/a.wav\t-\ttrain\t4\t-\n`);
  writeFileSync(
    file,
    '\uFEFFnote\tlanguage\tseconds\tsplit\tspeaker\tpath\tid\r\nx\t-\t4\ttrain\t\twav/s/a.wav\ta\r\n',
  );
  t.deepEqual(readManifest(dir).utterances, [utterance({ speaker: null, language: null })]);
});

test('a broken line is named by its number', (t) => {
  const dir = temporaryFolder(t);
  const good = 'a\twav/a.wav\ts\ttrain\t4\t-\n';
  const cases: [string, RegExp][] = [
    ['id\tpath\tspeaker\n', /manifest\.tsv:1: the header lacks the columns split, seconds, language/],
    [`${HEADER}${good}b\twav/b.wav\n`, /manifest\.tsv:3: expected 6 tab-separated fields, got 2/],
    [`${HEADER}${good}b\twav/b.wav\ts\tdev\t4\t-\n`, /manifest\.tsv:3: split must be "train" or "test", got "dev"/],
    [`${HEADER}b\twav/b.wav\ts\ttest\tlong\t-\n`, /manifest\.tsv:2: seconds must be a number of seconds, got "long"/],
    [`${HEADER}b\twav/b.wav\ts\ttest\t-1\t-\n`, /manifest\.tsv:2: seconds/],
    [`${HEADER}b\t\ts\ttest\t4\t-\n`, /manifest\.tsv:2: id and path must not be empty/],
    [`${HEADER}${good}${good}`, /manifest\.tsv:3: the id "a" is on line 2 already/],
    [HEADER, /lists no utterance/],
  ];
  for (const [text, message] of cases) {
    writeFileSync(join(dir, 'manifest.tsv'), text);
    t.throws(() => readManifest(dir), { instanceOf: UserError, message });
  }
});

test('a folder without a manifest, or none at all, says what to do', (t) => {
  const dir = temporaryFolder(t);
  t.throws(() => readManifest(dir), { instanceOf: UserError, message: /is not a corpus.*voxloop corpus/ });
  t.throws(() => readManifest(join(dir, 'gone')), { instanceOf: UserError, message: /There is no folder .*gone/ });
  mkdirSync(join(dir, 'manifest.tsv'));
  t.throws(() => readManifest(dir), { instanceOf: UserError, message: /is a folder, and a file is needed/ });
});

test('a tab or line break cannot be written', (t) => {
  const dir = temporaryFolder(t);
  t.throws(() => writeManifest(dir, [utterance({ id: 'a\tb' })]), { instanceOf: UserError, message: /"a\\tb"/ });
});

test('missing files are counted, the first five named', (t) => {
  const dir = temporaryFolder(t);
  const utterances = Array.from({ length: 9 }, (_, i) => utterance({ id: `u${i}`, path: `u${i}.wav` }));
  for (const { path } of utterances) writeFileSync(join(dir, path), '');
  t.notThrows(() => checkManifest({ dir, utterances }));
  const gone = utterances.map((one, i) => (i < 7 ? { ...one, path: `gone${i}.wav` } : one));
  t.throws(() => checkManifest({ dir, utterances: gone }), {
    instanceOf: UserError,
    message: /names 7 files of 9 .*: gone0\.wav, .*gone4\.wav, and 2 more/,
  });
  t.throws(() => checkManifest({ dir, utterances: gone.slice(6) }), { message: /names 1 file of 3 .*: gone6\.wav\. / });
});

test('genders are kept where some are known, and else take no column', (t) => {
  const dir = temporaryFolder(t);
  const list = [utterance({ gender: 'f' }), utterance({ id: 'b', gender: null })];
  writeManifest(dir, list);
  t.deepEqual(readManifest(dir).utterances, [utterance({ gender: 'f' }), utterance({ id: 'b' })]);
  t.regex(readFileSync(join(dir, 'manifest.tsv'), 'utf8'), /^id\tpath\tspeaker\tsplit\tseconds\tlanguage\tgender\n/);
  writeManifest(dir, [utterance({ gender: null })]);
  t.true(readFileSync(join(dir, 'manifest.tsv'), 'utf8').startsWith(HEADER));
});
