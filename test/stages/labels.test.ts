import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readManifest, writeManifest } from '../../src/data/manifest.js';
import { UserError } from '../../src/errors.js';
import { readNpy } from '../../src/io/npy.js';
import { voiceCorpus } from '../helpers/corpora/voices.js';
import { artifactAt, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

async function label(t: ExecutionContext, more: Record<string, unknown>, change?: (dir: string) => void) {
  const corpusDir = temporaryFolder(t);
  // Speakers 0 to 3 in turn: three utterances of the first two, two of the others.
  await voiceCorpus(
    corpusDir,
    Array.from({ length: 10 }, () => 2000),
  );
  change?.(join(corpusDir, 'corpus'));
  const lines: string[] = [];
  const made = await runStage({
    registry: newRegistry(),
    stage: 'labels',
    dir: temporaryFolder(t),
    log: (line) => lines.push(line),

    options: { corpus: 'corpus', ...more },
    artifacts: { corpus: artifactAt(corpusDir, 'corpus', { path: null }) },
  });
  const { data, shape } = readNpy(join(made.dir, 'labels.npy'));
  return {
    result: made.result,
    labels: [...data].map(Number),
    shape,
    lines,
    bytes: readFileSync(join(made.dir, 'labels.npy')),
  };
}

test('all utterances get the number of their speaker', async (t) => {
  const { labels, result, shape, lines } = await label(t, {});
  t.deepEqual(labels, [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
  t.deepEqual(shape, [10]);
  t.deepEqual(result, { clusters: 4, labelled: 10, leftOut: 0, nmi: null, purity: null });
  t.deepEqual(lines, ['10 of 10 utterances labelled, of 4 speakers']);
});

test('a share of them, at least two of each; who has fewer is left out', async (t) => {
  const share = await label(t, { share: 0.1 });
  t.like(share.result, { clusters: 4, labelled: 8, leftOut: 0 });
  t.true((await label(t, { share: 0.1 })).bytes.equals(share.bytes));
  const { result, labels, lines } = await label(t, { least: 3 });
  t.like(result, { clusters: 2, labelled: 6, leftOut: 2 });
  t.deepEqual(labels, [0, 1, -1, -1, 0, 1, -1, -1, 0, 1]);
  t.regex(lines[0], /2 speakers have fewer than 3 utterances and are left out/);
});

/** The corpus with the speakers of the utterances that `hidden` picks forgotten. */
const forget = (hidden: (utterance: number) => boolean) => (dir: string) =>
  writeManifest(
    dir,
    readManifest(dir).utterances.map((utterance, i) => (hidden(i) ? { ...utterance, speaker: null } : utterance)),
  );

test('utterances of unknown speakers have no label', async (t) => {
  const { result, labels, lines } = await label(
    t,
    {},
    forget((i) => i === 4),
  );
  t.is(labels[4], -1);
  t.like(result, { labelled: 9 });
  t.regex(lines[0], /1 utterances of unknown speakers have no label/);
});

test('a corpus of unknown speakers, and too few of them, are refused', async (t) => {
  const everybody = forget(() => true);
  await t.throwsAsync(label(t, {}, everybody), { instanceOf: UserError, message: /speakers of .* are not known/i });
  await t.throwsAsync(label(t, { least: 4 }), { instanceOf: UserError, message: /0 of 4 speakers have 4 utterances/ });
});

test('a file gives labels of its own, such as channels, and unknown utterances in it are told', async (t) => {
  const file = join(temporaryFolder(t), 'utt2channel');
  writeFileSync(file, 'utterance-0 land\nutterance-3 cell\nutterance-4 land\n\nutterance-9 cell\n');
  const { labels, lines } = await label(t, { file });
  t.deepEqual(labels, [1, -1, -1, 0, 1, -1, -1, -1, -1, 0]);
  t.is(lines[0], '4 of 10 utterances labelled, of 2 labels; 6 utterances of unknown labels have no label');
  writeFileSync(file, 'utterance-0 land\nnobody cell\n');
  await t.throwsAsync(label(t, { file }), {
    instanceOf: UserError,
    message: /utt2channel:2: 'nobody' is not in the corpus/,
  });
  await t.throwsAsync(label(t, { by: 'language' }), {
    message: /0 of 0 languages .* Give a corpus whose languages are known/,
  });
});

test('each utterance with a label of its own needs no speakers', async (t) => {
  const each = await label(
    t,
    { by: 'utterance' },
    forget(() => true),
  );
  t.deepEqual(each.labels, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  t.like(each.result, { clusters: 10, labelled: 10, leftOut: 0 });
  await t.throwsAsync(label(t, { by: 'utterance', least: 2 }), {
    instanceOf: UserError,
    message: /0 of 10 utterances have 2 utterances or more/,
  });
});
