import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readNpy, writeNpy } from '../../../src/io/npy.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { openGroups } from '../../helpers/workers/in-process.js';
import { runTogether } from '../../helpers/workers/run-together.js';

const recipe = (dir: string): string => `
name: shared
seed: 5
device: cpu
stages:
  - {stage: corpus, source: ready, path: ${join(dir, 'corpus')}}
  - {stage: model, path: ${join(dir, 'model')}}
  - {stage: embed, corpus: corpus, model: model, copies: 2, augmentation: [random-channel]}
  - {stage: cluster, corpus: corpus, embeddings: embed, algorithm: {name: kmeans, clusters: 3}}
`;

/** A corpus whose voices speak for different times, so that there are several batches: four of the training utterances. */
async function prepared(t: ExecutionContext) {
  const dir = temporaryFolder(t);
  writeTinyCorpus(join(dir, 'corpus'), {
    train: 4,
    test: 2,
    each: 2,
    sound: (voice, _, rng) => Float32Array.from({ length: 8000 * (1 + voice) }, () => 0.1 * rng.normal()),
  });
  await writeTinyModel(join(dir, 'model'));
  const config = join(dir, 'shared.yaml');
  writeFileSync(config, recipe(dir));
  return { dir, config };
}

const FILES = ['embed/train.npy', 'embed/augmented.npy', 'embed/clean.npy', 'embed/channel.npy', 'cluster/labels.npy'];

const bytesOf = (run: string): string[] =>
  FILES.concat('embed/model/model.safetensors').map((file) => readFileSync(join(run, 'stages', file), 'hex'));

test('embeddings and clusters of three workers are the bytes of one process', async (t) => {
  const { dir, config } = await prepared(t);
  await runTogether(config, join(dir, 'alone'));
  await runTogether(config, join(dir, 'together'), await openGroups(3));
  t.deepEqual(bytesOf(join(dir, 'together')), bytesOf(join(dir, 'alone')));
  const { data } = readNpy(join(dir, 'alone', 'stages', FILES[0]));
  t.true(new Set(data as Float32Array).size > 20);
  t.false(existsSync(join(dir, 'together', 'stages', 'embed', 'parts')));
});

test('what was embedded before a kill is not embedded again, whoever goes on', async (t) => {
  const { dir, config } = await prepared(t);
  const run = join(dir, 'killed');
  const parts = join(run, 'stages', 'embed', 'parts');
  const stop = new AbortController();
  const progress = () => ({
    update: ({ step }: { step: number }) => {
      // The second part is finished when the third has begun.
      if (existsSync(parts) && readdirSync(parts).length === 2 && step > 4) stop.abort(new Error('killed'));
    },
    line: () => {},
    done: () => {},
  });
  await t.throwsAsync(runTogether(config, run, [], { progress, signal: stop.signal }));
  const first = join(parts, 'train-00000.npy');
  const { shape, data } = readNpy(first);
  // The longest come first: those of the last two voices.
  writeNpy(first, shape, (data as Float32Array).fill(7));
  await runTogether(config, run, await openGroups(2));
  const train = readNpy(join(run, 'stages', FILES[0]));
  const rows = Array.from({ length: 8 }, (_, row) => (train.data as Float32Array).subarray(row * 6, (row + 1) * 6));
  t.deepEqual(
    rows.map((row) => row.every((value) => value === 7)),
    [false, false, false, false, true, true, true, true],
  );
});
