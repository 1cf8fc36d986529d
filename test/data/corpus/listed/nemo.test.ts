import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { buildNemoCorpus, nemoSound, readNemoManifest } from '../../../../src/data/corpus/listed/nemo.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { readTrials } from '../../../../src/data/trials.js';
import { UserError } from '../../../../src/errors.js';
import { openCorpusFolder, writeNoise } from '../../../helpers/corpora/made-recordings.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

const lines = (...objects: unknown[]) => objects.map((object) => `${JSON.stringify(object)}\n`).join('');

/** A manifest in a folder of its own, read. */
async function read(t: ExecutionContext, text: string, speakerField?: string) {
  const folder = temporaryFolder(t, { 'manifest.json': text });
  const { utterances, skipped } = await readNemoManifest(join(folder, 'manifest.json'), speakerField);
  return { folder, utterances: [...utterances], skipped: [...(skipped ?? [])] };
}

test('a line is an utterance by its fields: path beside the manifest, stretch, speaker, language and gender', async (t) => {
  const { folder, utterances } = await read(
    t,
    lines(
      { audio_filepath: 'a.wav', offset: 0.5, duration: 1.2, label: 'anna', lang: 'en', gender: 'f', text: 'yes' },
      { audio_filepath: 'a.wav', offset: 1.7, duration: null, speaker: 7, label: 'word' },
      { audio_filepath: '/b.wav', offset: 0, duration: 2.5 },
      { audio_filepath: 'c.wav' },
    ),
  );
  const about = utterances.map(({ name, path, part, speaker }) => [
    name,
    path.replace(`${folder}/`, ''),
    part,
    speaker,
  ]);
  t.deepEqual(about, [
    ['a.wav#t=0.5,1.7', 'a.wav', { seconds: { from: 0.5, to: 1.7 } }, 'anna'],
    ['a.wav#t=1.7,', 'a.wav', { seconds: { from: 1.7, to: null } }, '7'],
    ['/b.wav', '/b.wav', { seconds: { from: 0, to: 2.5 } }, null],
    ['c.wav', 'c.wav', undefined, null],
  ]);
  t.deepEqual([utterances[0].language, utterances[0].gender], ['en', 'f']);
});

test('utterances of no duration are left out; the speaker comes from the field that is named', async (t) => {
  const { utterances, skipped } = await read(
    t,
    lines({ audio_filepath: 'a.wav', duration: 0 }, '', {
      audio_filepath: 'b.wav',
      duration: 1,
      spk: 'ben',
      label: 'x',
    }).replace('""\n', '\n'),
    'spk',
  );
  t.deepEqual(
    utterances.map(({ name, speaker }) => [name, speaker]),
    [['b.wav', 'ben']],
  );
  t.is(skipped.length, 1);
  t.like(skipped[0], { file: 'a.wav', kind: 'too short' });
  t.regex(skipped[0].reason, /manifest\.json:1 gives it a duration of 0 s/);
});

test('a broken line is named by its number and field', async (t) => {
  const sound = { audio_filepath: 'a.wav', duration: 1 };
  for (const [text, message] of [
    [`${lines(sound)}{"audio_filepath": `, /manifest\.json:2: the line is not JSON/],
    [lines(sound, [1]), /manifest\.json:2: the line: Invalid input: expected object/],
    [lines({ duration: 1 }), /manifest\.json:1: audio_filepath: Invalid input: expected string/],
    [
      lines({ audio_filepath: 'a.wav', duration: 'long' }),
      /manifest\.json:1: duration: Invalid input: expected number/,
    ],
    [lines({ audio_filepath: 'a.wav', offset: -1 }), /manifest\.json:1: offset: Too small/],
    [lines({ audio_filepath: 'a.wav', speaker: ['x'] }), /manifest\.json:1: speaker: a speaker is a text or a number/],
    [lines(sound, sound), /manifest\.json:2: the utterance a\.wav is named before/],
    [lines({ audio_filepath: 'a.wav', duration: 0 }), /names no utterance with a duration/],
    ['', /names no utterance with a duration/],
  ] as const)
    await t.throwsAsync(read(t, text), { instanceOf: UserError, message }, text);
});

test('a corpus of a manifest: stretches are cut, missing files are left out, tested speakers are not trained on', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  for (const name of ['a', 'b', 'c', 'd', 'e']) writeNoise(at(`${name}.wav`), 0.5);
  const manifest = lines(
    { audio_filepath: 'a.wav', offset: 0.1, duration: 0.3, speaker: 'anna' },
    { audio_filepath: 'b.wav', duration: 0.5, speaker: 'ben' },
    { audio_filepath: 'gone.wav', duration: 0.5, speaker: 'ben' },
    { audio_filepath: 'c.wav', speaker: 'cleo' },
    { audio_filepath: 'd.wav', speaker: 'cleo' },
    { audio_filepath: 'e.wav', speaker: 'dan' },
  );
  writeFileSync(at('manifest.json.gz'), gzipSync(manifest));
  writeFileSync(at('list.txt'), '1 c.wav d.wav\n0 c.wav e.wav\n');
  const out = at('out');
  const summary = await buildNemoCorpus({ root: at('manifest.json.gz'), out, trials: [at('list.txt')], jobs: 1 });
  t.like(summary, { utterances: 5, skipped: { 'not there': 1 } });
  const rows = readManifest(out).utterances.map(({ path, speaker, split, seconds }) => [path, speaker, split, seconds]);
  t.deepEqual(rows, [
    ['a.wav#t=0.1,0.4', 'anna', 'train', 0.3],
    ['b.wav', 'ben', 'train', 0.5],
    ['c.wav', 'cleo', 'test', 0.5],
    ['d.wav', 'cleo', 'test', 0.5],
    ['e.wav', 'dan', 'test', 0.5],
  ]);
  t.is(openCorpusFolder(out).lists[0].trials.length, readTrials(at('list.txt')).length);
});

test('the file of a line is watched where the line names one', (t) => {
  t.is(nemoSound('{"audio_filepath": "x/a.wav"}', '/data'), '/data/x/a.wav');
  t.deepEqual(
    [nemoSound('{"duration": 1}', '/data'), nemoSound('{"audio', '/data'), nemoSound('null', '/data')],
    [undefined, undefined, undefined],
  );
});

test('a damaged gzip file is told as such', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'manifest.json.gz');
  writeFileSync(path, gzipSync(lines({ audio_filepath: 'a.wav' })).subarray(0, 30));
  await t.throwsAsync(readNemoManifest(path), { instanceOf: UserError, message: /is a damaged gzip file/ });
  await t.throwsAsync(readNemoManifest(join(folder, 'none.json')), { message: /none\.json does not exist/ });
});
