import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { buildLhotseCorpus, readLhotse } from '../../../../src/data/corpus/listed/lhotse.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { UserError } from '../../../../src/errors.js';
import { writeNoise } from '../../../helpers/corpora/made-recordings.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

const lines = (...objects: object[]) => objects.map((object) => `${JSON.stringify(object)}\n`).join('');
const source = (file: string, channels = [0]) => ({ type: 'file', channels, source: file });
const recording = (id: string, changes: object = {}) => {
  const plain = { id, sources: [source(`${id}.wav`)], sampling_rate: 16000, num_samples: 64000, duration: 4 };
  return Object.assign(plain, changes);
};
const supervision = (id: string, start: number, duration: number, changes: object = {}) =>
  Object.assign({ id, recording_id: 'ra', start, duration, channel: 0, text: 'hello', speaker: 'anna' }, changes);
const cut = (id: string, changes: object = {}) =>
  Object.assign({ id, type: 'MonoCut', start: 1, duration: 2, channel: 0, recording: recording('ra') }, changes);

/** Files of a folder, and what is read of one of them, or of the folder. */
async function read(t: ExecutionContext, files: Record<string, string>, name = '') {
  const folder = temporaryFolder(t, files);
  const { utterances, skipped } = await readLhotse(join(folder, name));
  const short = (path: string) => path.replace(`${folder}/`, '');
  return {
    utterances: [...utterances].map(({ name, path, part, speaker }) => [name, short(path), part, speaker]),
    skipped: [...(skipped ?? [])].map(({ file, kind, reason }) => [file, kind, short(reason)]),
  };
}

test('supervisions are stretches of the recordings in the file beside them, by channel', async (t) => {
  const stereo = recording('rb', { sources: [source('/data/b.flac', [0, 1])] });
  const apart = recording('rc', { sources: [source('c0.wav'), source('c1.wav', [1])] });
  const { utterances, skipped } = await read(t, {
    'mine_recordings_train.jsonl': lines(recording('ra'), stereo, apart),
    'mine_supervisions_train.jsonl': lines(
      supervision('s1', 0.5, 1.25),
      supervision('s2', 0, 4, { speaker: 7 }),
      supervision('s3', 1, 1, { recording_id: 'rb', channel: 1 }),
      supervision('s4', 0, 4, { recording_id: 'rb', channel: [0, 1], speaker: undefined }),
      supervision('s5', 0, 4, { recording_id: 'rc', channel: [1] }),
      supervision('s6', 2, 0),
    ),
  });
  t.deepEqual(utterances, [
    ['s1', 'ra.wav', { seconds: { from: 0.5, to: 1.75 } }, 'anna'],
    ['s2', 'ra.wav', undefined, '7'],
    ['s3', '/data/b.flac', { channel: 1, seconds: { from: 1, to: 2 } }, 'anna'],
    ['s4', '/data/b.flac', undefined, null],
    ['s5', 'c1.wav', undefined, 'anna'],
  ]);
  t.deepEqual(skipped, [['s6', 'too short', 'too short: mine_supervisions_train.jsonl:6 gives it 0 s']]);
});

test("a cut's supervisions are counted from its start and end with it; mixtures and what is only features are left out", async (t) => {
  const { utterances, skipped } = await read(
    t,
    {
      'cuts.jsonl': lines(
        cut('c1', { supervisions: [supervision('s1', 0.25, 1), supervision('s2', 1.5, 5, { speaker: 'ben' })] }),
        cut('c2', { supervisions: [supervision('s3', -0.5, 1)] }),
        cut('c3', { id: 'c3' }),
        { id: 'm1', type: 'MixedCut', tracks: [] },
        cut('f1', { recording: null }),
        cut('x1', { recording: recording('rx', { transforms: [{ name: 'Speed', kwargs: { factor: 1.1 } }] }) }),
        cut('u1', { recording: recording('ru', { sources: [{ type: 'url', channels: [0], source: 'http://x' }] }) }),
      ),
    },
    'cuts.jsonl',
  );
  t.deepEqual(utterances, [
    ['s1', 'ra.wav', { seconds: { from: 1.25, to: 2.25 } }, 'anna'],
    ['s2', 'ra.wav', { seconds: { from: 2.5, to: 3 } }, 'ben'],
    ['s3', 'ra.wav', { seconds: { from: 1, to: 1.5 } }, 'anna'],
    ['c3', 'ra.wav', { seconds: { from: 1, to: 3 } }, null],
  ]);
  t.deepEqual(skipped, [
    ['m1', 'mixed', 'cuts.jsonl:4: a MixedCut is not one recording; save its audio first'],
    ['f1', 'without a recording', 'cuts.jsonl:5: the cut has no recording, only features perhaps'],
    ['x1', 'unreadable', 'cuts.jsonl:6: the recording rx is to be changed by Speed; save its audio first'],
    ['u1', 'unreadable', 'cuts.jsonl:7: the recording ru is a url, and only files are read'],
  ]);
});

test('what is wrong is named by file, line and field', async (t) => {
  const recordings = { 'recordings.jsonl': lines(recording('ra')) };
  const supervised = (...objects: object[]) => ({ ...recordings, 'supervisions.jsonl': lines(...objects) });
  for (const [files, message] of [
    [
      supervised(supervision('s1', 0, 1, { recording_id: 'rz' })),
      /supervisions\.jsonl:1: .*recordings\.jsonl has no recording rz/,
    ],
    [
      supervised(supervision('s1', 0, 1), supervision('s1', 1, 1)),
      /supervisions\.jsonl:2: the utterance s1 is named before/,
    ],
    [supervised({ id: 's1', start: 0, duration: 1 }), /supervisions\.jsonl:1: recording_id: Invalid input/],
    [{ 'supervisions.jsonl': lines(supervision('s1', 0, 1)) }, /recordings\.jsonl does not exist: the recordings that/],
    [
      {
        'recordings.jsonl': lines(recording('ra'), recording('ra')),
        'supervisions.jsonl': lines(supervision('s', 0, 1)),
      },
      /recordings\.jsonl:2: the recording ra is named before/,
    ],
    [{ 'cuts.jsonl': lines(cut('c1', { start: 'x' })) }, /cuts\.jsonl:1: start: Invalid input: expected number/],
    [
      { 'cuts.jsonl': lines({ id: 'm1', type: 'MixedCut' }) },
      /names no utterance that can be used: .*a MixedCut is not/,
    ],
    [{ 'a_cuts.jsonl': '', 'b_cuts.jsonl.gz': '' }, /holds 2 files of cuts \(a_cuts\.jsonl, b_cuts\.jsonl\.gz\)/],
    [{ 'notes.txt': '' }, /holds neither cuts nor supervisions/],
  ] as const)
    await t.throwsAsync(read(t, files), { instanceOf: UserError, message }, String(message));
  await t.throwsAsync(readLhotse('/no/such/file'), { instanceOf: UserError, message: /does not exist/ });
});

test('a corpus of packed manifests: stretches are cut out of the files, which are found beside the list', async (t) => {
  const folder = temporaryFolder(t);
  const at = (name: string) => join(folder, name);
  writeNoise(at('ra.wav'), 2);
  const whole = recording('ra', { duration: 2, num_samples: 32000 });
  writeFileSync(at('recordings.jsonl.gz'), gzipSync(lines(whole)));
  const parts = [supervision('s1', 0, 0.5, { gender: 'F', language: 'en' }), supervision('s2', 0.5, 1)];
  writeFileSync(at('supervisions.jsonl.gz'), gzipSync(lines(...parts)));
  const out = at('out');
  const summary = await buildLhotseCorpus({ root: at('supervisions.jsonl.gz'), out, jobs: 1 });
  t.like(summary, { utterances: 2, speakers: 1, skipped: {} });
  t.deepEqual(
    readManifest(out).utterances.map(({ path, seconds, gender, language }) => [
      path,
      seconds,
      gender ?? null,
      language,
    ]),
    [
      ['s1', 0.5, 'f', 'en'],
      ['s2', 1, null, null],
    ],
  );
});
