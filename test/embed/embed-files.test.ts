import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { embedFiles } from '../../src/embed/embed-files.js';
import { createExtractor, extractAll } from '../../src/embed/extract.js';
import type { Extractor } from '../../src/embed/extractor.js';
import { UserError } from '../../src/errors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { voice, voiceShards } from '../helpers/corpora/voices.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { EMBEDDING, smallBackbone, smallFeatures } from '../helpers/training/small-training.js';

const LENGTHS = [9000, 20000, 5000, 8100];

function writeVoices(dir: string): string[] {
  return LENGTHS.map((length, i) => {
    const path = join(dir, `voice-${i}.wav`);
    writeWav16(path, voice(i, length), 16000);
    return path;
  });
}

const withExtractor = (act: (extractor: Extractor) => Promise<void>): Promise<void> =>
  withSession((session) => {
    const backbone = smallBackbone(createScope(session, 'network', 3));
    return act(createExtractor(session, smallFeatures, EMBEDDING, backbone.embed));
  });

/** A file that is no audio, one that is too short, and none at all. */
function badFiles(dir: string): string[] {
  const [text, short] = [join(dir, 'text.wav'), join(dir, 'short.wav')];
  writeFileSync(text, 'not audio');
  writeWav16(short, voice(0, 399), 16000);
  return [text, short, join(dir, 'missing.wav')];
}

test('files are embedded in the order given, as the same audio in shards is', async (t) => {
  const dir = temporaryFolder(t);
  const paths = writeVoices(dir);
  await withExtractor(async (extractor) => {
    const expected = await extractAll(await voiceShards(dir, LENGTHS), extractor);
    const row = (i: number) => [...expected.subarray(i * EMBEDDING, (i + 1) * EMBEDDING)];
    const order = [2, 0, 3, 1, 2];
    const progress: number[][] = [];
    const found = await embedFiles(
      order.map((i) => paths[i]),
      extractor,
      {
        skipBad: false,
        progress: (done, total) => progress.push([done, total]),
      },
    );
    close(t, found.vectors, order.flatMap(row), 1e-4);
    t.deepEqual([found.skipped, progress.at(-1)], [[], [5, 5]]);
    t.true(progress.every(([done], i) => done >= (progress[i - 1]?.[0] ?? 0)));
  });
});

test('a bad file fails, or is skipped: a row of NaN, and the reason', async (t) => {
  const dir = temporaryFolder(t);
  const [good] = writeVoices(dir);
  const bad = badFiles(dir);
  await withExtractor(async (extractor) => {
    for (const path of bad) {
      const error = await t.throwsAsync(() => embedFiles([good, path], extractor, { skipBad: false }), {
        instanceOf: UserError,
      });
      t.true(error.message.includes(path), error.message);
    }
    const { vectors, skipped } = await embedFiles([bad[0], good, bad[1], bad[2]], extractor, { skipBad: true });
    const broken = [0, 1, 2, 3].map((i) => vectors.subarray(i * EMBEDDING, (i + 1) * EMBEDDING).every(Number.isNaN));
    t.deepEqual(broken, [true, false, true, true]);
    t.deepEqual(
      skipped.map(({ file }) => file),
      bad,
    );
    t.true(skipped.every(({ file, reason }) => reason.includes(file)));
  });
});

test('nothing but bad files is no crash', async (t) => {
  const bad = badFiles(temporaryFolder(t));
  await withExtractor(async (extractor) => {
    const { vectors, skipped } = await embedFiles(bad, extractor, { skipBad: true });
    t.true(vectors.every(Number.isNaN));
    t.is(skipped.length, 3);
  });
});
