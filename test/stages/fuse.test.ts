import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readManifest } from '../../src/data/manifest.js';
import { readNamedVectors } from '../../src/data/named-vectors.js';
import { UserError } from '../../src/errors.js';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import { createRng } from '../../src/random.js';
import { openTraining, openTrialLists } from '../../src/stages/artifacts/corpus-data.js';
import { fuseResult } from '../../src/stages/fuse/options.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { artifactAt, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const registry = newRegistry();
const SIZE = 12;
const options = {
  corpus: 'corpus',
  embeddings: 'embeddings',
  size: 16,
  batchSize: 24,
  steps: 60,
  optimizer: { name: 'adam' },
  rate: { peak: 0.01 },
  loss: 'softmax',
  checkpointSeconds: 0.001,
};

/** A speaker's own vector, and noise of this strength. */
function drawn(kind: string, speaker: string, id: string, noise: number): Float32Array {
  const own = createRng(kind).fork(speaker);
  const rng = createRng(kind).fork(id);
  return Float32Array.from({ length: SIZE }, () => own.normal() + noise * rng.normal());
}

/** A corpus, whose voices and faces are drawn vectors; utterances whose number is `missing` have no face. */
async function prepared(t: ExecutionContext, missing: readonly number[]) {
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: 12, test: 12, each: 5, seconds: 0.1 });
  const made = { registry, stage: 'corpus', dir: join(dir, 'corpus'), artifacts: {} };
  const corpus = await runStage({ ...made, options: { source: 'ready', path } });
  const { train } = openTraining(corpus);
  const speakerOf = new Map(readManifest(path).utterances.map(({ id, speaker }) => [id, speaker!]));
  const embeddings = artifactAt(join(dir, 'embeddings'), 'embed', {
    network: 'drawn',
    origin: 'drawn',
    embeddingSize: SIZE,
  });
  const rowsOf = (kind: string, ids: readonly string[], noise: number) => {
    const rows = new Float32Array(ids.length * SIZE);
    ids.forEach((id, i) => {
      rows.set(drawn(kind, speakerOf.get(id)!, id, noise), i * SIZE);
    });
    return rows;
  };
  const lists = openTrialLists(corpus);
  const parts = lists.map(({ name, shards }): [string, string[]] => [name, shards.ids]).concat([['train', train.ids]]);
  for (const [part, ids] of parts)
    writeNpy(join(embeddings.dir, `${part}.npy`), [ids.length, SIZE], rowsOf('voice', ids, 1.6));
  const ids = Array.from(speakerOf.keys()).filter((id) => !missing.includes(Number(id.split('-')[1])));
  const faces = join(dir, 'faces.npy');
  writeNpy(faces, [ids.length, SIZE], rowsOf('face', ids, 1.2));
  writeFileSync(join(dir, 'faces.tsv'), `name\n${ids.join('\n')}\n`);
  const attempt = { registry, stage: 'fuse', artifacts: { corpus, embeddings }, options: { ...options, faces } };
  return { dir, attempt, faces, train };
}

test('drawn voices and faces: both scores err less than each, and a fusion learns its speakers; resumed, the same bytes', async (t) => {
  const { dir, attempt, train } = await prepared(t, []);
  const { result } = await runStage({ ...attempt, dir: join(dir, 'whole') });
  const { lists, training, embeddingSize } = fuseResult.parse(result);
  t.is(embeddingSize, 16);
  t.deepEqual(training, { utterances: 60, faces: 60 });
  const { voice, face, scores, trials, withFaces, faceShare } = lists.clean;
  t.is(withFaces, trials);
  t.true(faceShare! > 0 && faceShare! < 1);
  t.true(scores < voice && scores < face!, `${scores} of ${voice} and ${face}`);
  const metrics = readFileSync(join(dir, 'whole', 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const [first, last] = [metrics[0], metrics[metrics.length - 1]].map(
    (line) => JSON.parse(line) as { loss: number; accuracy: number },
  );
  t.true(last.accuracy > 0.8 && last.loss < 0.5 * first.loss, `${first.loss} to ${last.loss}, ${last.accuracy}`);
  const parts = join(dir, 'parts');
  await t.throwsAsync(runStage({ ...attempt, dir: parts, stopAt: 20 }), { message: 'stopped' });
  await runStage({ ...attempt, dir: parts, resume: true });
  for (const name of ['train.npy', 'clean.npy', 'train.tsv'])
    t.deepEqual(readFileSync(join(parts, name)), readFileSync(join(dir, 'whole', name)), name);
  t.deepEqual(readNpy(join(parts, 'train.npy')).shape, [60, 16]);
  t.deepEqual(readNamedVectors(join(parts, 'train.npy')).names, train.ids, 'another recipe can learn from them');
});

test('an utterance without a face is known by its voice, and what cannot be used is refused', async (t) => {
  const { dir, attempt, faces } = await prepared(t, [0, 3]);
  const { result } = await runStage({ ...attempt, dir: join(dir, 'some') });
  const { lists, training } = fuseResult.parse(result);
  t.deepEqual(training, { utterances: 60, faces: 36 });
  const { trials, withFaces, voice, scores } = lists.clean;
  t.true(withFaces > 0 && withFaces < trials);
  t.true(scores < voice);
  const refused = (chosen: object) =>
    t.throwsAsync(runStage({ ...attempt, dir: join(dir, 'no'), options: { ...attempt.options, ...chosen } }), {
      instanceOf: UserError,
    });
  t.regex((await refused({ faces: join(dir, 'none.npy') }))!.message, /none\.npy/);
  writeFileSync(join(dir, 'faces.tsv'), `name\n${Array.from({ length: 72 }, (_, i) => `nobody ${i}`).join('\n')}\n`);
  t.regex((await refused({ faces }))!.message, /names no training utterance of the corpus/);
});
