import { relative } from 'node:path';
import test from 'ava';
import type { DecodedClip } from '../../../../src/data/corpus/debian/clip-worker.js';
import type { ClipFolder } from '../../../../src/data/corpus/debian/clips.js';
import { type CutUtterance, cutUtterances } from '../../../../src/data/corpus/debian/cut-utterances.js';
import type { Skipped } from '../../../../src/data/corpus/finish-corpus.js';
import { createRng } from '../../../../src/random.js';

const folder = (speaker: string, language: string, clips: number): ClipFolder => ({
  speaker,
  group: speaker,
  language,
  files: Array.from({ length: clips }, (_, i) => `${speaker}/${language}/${i}.ogg`),
});

/** Cuts clips of 2 s; `special` says what a file is instead. */
async function cut(
  folders: ClipFolder[],
  maxPerSpeaker: number,
  special: Record<string, Partial<DecodedClip> | 'bad'> = {},
) {
  const decoded: string[] = [];
  const pool = {
    size: 2,
    async run(path: string): Promise<DecodedClip> {
      const file = relative('/root', path);
      decoded.push(file);
      const found = special[file];
      if (found === 'bad') throw new Error(`${path} is damaged`);
      return { samples: new Float32Array(32000).fill(0.1), hash: file, ...found };
    },
    async close() {},
  };
  const skipped: Skipped[] = [];
  const context = {
    root: '/root',
    pool,
    rng: createRng(1),
    maxPerSpeaker,
    onSkip: (one: Skipped) => skipped.push(one),
  };
  const utterances: CutUtterance[] = [];
  for await (const one of cutUtterances(folders, context)) utterances.push(one);
  return { utterances, skipped, decoded };
}

test('utterances of 4 s, clips in random but fixed order, no folder mixed with another', async (t) => {
  const folders = [folder('a', 'en', 8), folder('b', 'en', 5)];
  const { utterances } = await cut(folders, 40);
  t.deepEqual(
    utterances.map(({ folder: { speaker } }) => speaker),
    ['a', 'a', 'a', 'a', 'b', 'b'],
  );
  for (const {
    samples,
    files,
    folder: { speaker },
  } of utterances) {
    t.is(samples.length, 64000);
    t.true(files.every((file) => file.startsWith(`${speaker}/`)));
  }
  const order = utterances.slice(0, 4).flatMap(({ files }) => files);
  t.notDeepEqual(order, folders[0].files);
  t.deepEqual([...order].sort(), folders[0].files);
  t.deepEqual((await cut(folders, 40)).utterances, utterances);
});

test('at most so many a speaker, shared by the folders of one speaker; what lies beyond is not decoded', async (t) => {
  const folders = [folder('a', 'en', 100), folder('a', 'es', 100), folder('b', 'en', 100)];
  const { utterances, decoded } = await cut(folders, 10);
  const counts = (language: string, speaker: string) =>
    utterances.filter(({ folder: one }) => one.language === language && one.speaker === speaker).length;
  t.deepEqual([counts('en', 'a'), counts('es', 'a'), counts('en', 'b')], [5, 5, 10]);
  t.true(decoded.length < 60);
});

test('audio that occurred before is dropped, across folders too; so is what cannot be used', async (t) => {
  const folders = [folder('a', 'en', 4), folder('b', 'en', 5)];
  const { utterances, skipped } = await cut(folders, 40, {
    'b/en/0.ogg': { hash: 'a/en/3.ogg' },
    'b/en/1.ogg': 'bad',
    'b/en/2.ogg': { samples: new Float32Array(100) },
  });
  t.is(utterances.length, 3);
  t.deepEqual(
    [...skipped].sort((x, y) => (x.file < y.file ? -1 : 1)),
    [
      { file: 'b/en/0.ogg', kind: 'duplicate', reason: 'the same audio occurred in another file' },
      { file: 'b/en/1.ogg', kind: 'unreadable', reason: 'b/en/1.ogg is damaged' },
      { file: 'b/en/2.ogg', kind: 'no speech', reason: 'less than 0.1 s of sound' },
    ],
  );
});
