import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { readNpy, writeNpy } from '../../../src/io/npy.js';
import type { Artifact } from '../../../src/plugin/stage.js';
import type { Rng } from '../../../src/random.js';
import { indicesUpTo } from '../../../src/rows.js';
import { openStatistics } from '../../../src/stages/classical/statistics-artifact.js';
import { close } from '../../helpers/close.js';
import { sequence, talk } from '../../helpers/corpora/talk.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { type NaiveFactors, naivePosterior } from '../../helpers/oracles/naive-mixture.js';
import { type Attempt, artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const registry = newRegistry();
const [SPEAKERS, EACH, GAUSSIANS, DIMENSIONS, RANK] = [5, 5, 8, 12, 4];
const UBM = { gaussians: GAUSSIANS, cepstra: 6, deltas: 1, features: { bins: 24 }, frames: 2000, iterations: 4 };

/** Syllables: what does not change within a recording is taken out of cepstra. */
const sound = (voice: number, seconds: number, rng: Rng) => sequence(talk(0.7 * voice, seconds, rng.int(1e6)));

/** A corpus, its background model and statistics, and a way to run stages on them. */
async function prepared(dir: string, sizes: { train?: number; each?: number } = {}) {
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: SPEAKERS, test: 4, each: EACH, seconds: 0.8, sound, ...sizes });
  const artifacts: Record<string, Artifact> = {};
  const run = async (name: string, stage: string, options: object, more: Partial<Attempt> = {}) => {
    const attempt = { registry, stage, dir: join(dir, name), artifacts, options: { ...options }, ...more };
    artifacts[name] = await runStage(attempt);
    return artifacts[name];
  };
  await run('corpus', 'corpus', { source: 'ready', path });
  await run('model', 'ubm', { corpus: 'corpus', ...UBM });
  await run('statistics', 'statistics', { corpus: 'corpus', ubm: 'model' });
  return { artifacts, run };
}

const root = mkdtempSync(join(tmpdir(), 'voxloop-classical-'));
const shared = prepared(root);
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** EER of each list. */
const eers = ({ result }: Artifact): number[] =>
  Object.values((result as { lists: Record<string, { eer: number }> }).lists).map(({ eer }) => eer);
const trainRows = ({ dir }: Artifact) => readNpy(join(dir, 'train.npy'));

test.serial('i-vectors are embeddings like any others; a fit that is killed goes on to the same model', async (t) => {
  t.timeout(120_000);
  const { artifacts, run } = await shared;
  const options = { statistics: 'statistics', rank: RANK, iterations: 4 };
  const utterances = SPEAKERS * EACH;
  await t.throwsAsync(run('model-killed', 'ivector', options, { stopAt: 3 * utterances }), { message: 'stopped' });
  const resumed = await run('model-killed', 'ivector', options, { resume: true });
  const whole = await run('model-ivector', 'ivector', options);
  t.deepEqual(resumed.result, whole.result);
  const weights = ({ dir }: Artifact) => readModel(join(dir, 'models', 'network')).weights;
  t.deepEqual(weights(resumed), weights(whole));
  t.false(existsSync(join(resumed.dir, 'factors.partial.safetensors')));
  const { logLikelihoods } = whole.result as { logLikelihoods: number[] };
  t.is(logLikelihoods.length, 5);
  t.true(logLikelihoods.at(-1)! > logLikelihoods[0]);

  const vectors = await run('embeddings', 'embed', { corpus: 'corpus', model: 'model-ivector' });
  const { shape, data } = trainRows(vectors);
  t.deepEqual([...shape], [utterances, RANK]);
  t.like(vectors.result, { origin: 'i-vector', embeddingSize: RANK, model: { name: `i-vector (ivector, ${RANK})` } });
  // The first utterance's vector is the posterior mean, worked out in plain arrays from the stored statistics.
  const { counts, sums } = openStatistics('statistics', artifacts.statistics).read([0]);
  const { factors, offset } = weights(whole);
  const rows = (values: ArrayLike<number>, size: number) =>
    Array.from({ length: values.length / size }, (_, i) =>
      Array.from({ length: size }, (_, j) => values[i * size + j]),
    );
  const number = (values: unknown) => values as Float32Array;
  const byGaussian: NaiveFactors = rows(number(factors.data), RANK * DIMENSIONS).map((row) => rows(row, RANK));
  const shifted = rows(sums, DIMENSIONS).map((own, c) =>
    own.map((value, d) => value - counts[c] * number(offset.data)[c * DIMENSIONS + d]),
  );
  const expected = naivePosterior({ counts: Array.from(counts), sums: shifted }, byGaussian).mean;
  close(t, number(data).subarray(0, RANK), expected, 5e-3);

  await run('clusters', 'cluster', {
    corpus: 'corpus',
    embeddings: 'embeddings',
    algorithm: { name: 'kmeans', clusters: SPEAKERS },
  });
  t.true((artifacts.clusters.result as { nmi: number }).nmi > 0.5, JSON.stringify(artifacts.clusters.result));
  await run('backend', 'backend', { corpus: 'corpus', embeddings: 'embeddings', clusters: 'clusters', plda: {} });
  const scored = { corpus: 'corpus', embeddings: 'embeddings', system: 'i-vector' };
  for (const eer of eers(await run('result', 'evaluate', scored))) t.true(eer < 0.45, `${eer}`);
  for (const eer of eers(await run('result-plda', 'evaluate', { ...scored, backend: 'backend' })))
    t.true(eer < 0.45, `${eer}`);

  // What the clusters start: a network from scratch, the first stage of a loop.
  const training = { backbone: { name: 'tdnn', width: 8, embeddingSize: 8 }, cropSeconds: 0.5, batchSize: 8, steps: 1 };
  await run('model-round', 'finetune', { corpus: 'corpus', clusters: 'clusters', rate: { peak: 0.001 }, ...training });
  t.true(existsSync(join(artifacts['model-round'].dir, 'models', 'network', 'model.safetensors')));
});

test.serial('likelihood ratios, supervectors and joint factor analysis tell the voices apart', async (t) => {
  t.timeout(120_000);
  const { run } = await shared;
  for (const eer of eers(await run('result-ratio', 'likelihood-ratio', { corpus: 'corpus', ubm: 'model' })))
    t.true(eer < 0.4, `${eer}`);
  await run('embeddings-super', 'embed', { corpus: 'corpus', model: 'model' });
  const scored = (embeddings: string) =>
    run(`result-${embeddings}`, 'evaluate', { corpus: 'corpus', embeddings, system: 's' });
  for (const eer of eers(await scored('embeddings-super'))) t.true(eer < 0.4, `${eer}`);
  const jfa = { corpus: 'corpus', statistics: 'statistics', speakerRank: 3, channelRank: 2, iterations: 3 };
  const { result } = await run('model-jfa', 'jfa', jfa);
  t.like(result, { speakers: SPEAKERS });
  const vectors = await run('embeddings-jfa', 'embed', { corpus: 'corpus', model: 'model-jfa' });
  t.deepEqual([...trainRows(vectors).shape], [SPEAKERS * EACH, 3]);
  for (const eer of eers(await scored('embeddings-jfa'))) t.true(eer < 0.45, `${eer}`);
});

test.serial(
  'too many factors, one utterance, speakers of one recording and other kinds of models are refused',
  async (t) => {
    t.timeout(120_000);
    const dir = temporaryFolder(t);
    const { artifacts, run } = await prepared(dir, { train: 3, each: 2 });
    const refused = async (stage: string, options: object, message: RegExp) =>
      void (await t.throwsAsync(run('model-refused', stage, options), { name: 'UserError', message }));
    await refused(
      'ivector',
      { statistics: 'statistics', rank: 96 },
      /supervector of 8 Gaussians over 12 dimensions has 96 numbers. Give at most 95/,
    );
    artifacts.clusters = artifactAt(dir, 'cluster', { clusters: 6, nmi: null, purity: null });
    writeNpy(join(dir, 'labels.npy'), [6], indicesUpTo(6));
    const labelled = { corpus: 'corpus', statistics: 'statistics', clusters: 'clusters' };
    await refused('jfa', labelled, /6 speakers are known, the one with the most utterances has 1/);
    const trained = { corpus: 'corpus', clusters: 'clusters', init: 'model', cropSeconds: 0.5, batchSize: 4, steps: 1 };
    await refused('finetune', { ...trained, rate: { peak: 0.001 } }, /'supervector' has no gradients to be trained by/);
    await refused(
      'ubm',
      { corpus: 'corpus', ...UBM, gaussians: 512 },
      /512 Gaussians are to be learned from \d+ frames/,
    );
    artifacts['statistics-one'] = {
      ...artifacts.statistics,
      result: { ...(artifacts.statistics.result as object), utterances: 1 },
    };
    await refused(
      'ivector',
      { statistics: 'statistics-one' },
      /the statistics of 1 utterance, and how utterances differ/,
    );
    await writeTinyModel(join(dir, 'network', 'models', 'network'));
    artifacts['model-network'] = artifactAt(join(dir, 'network'), 'pretrain', { networks: ['network'] });
    await refused(
      'statistics',
      { corpus: 'corpus', ubm: 'model-network' },
      /kind 'tdnn', and a Gaussian mixture is needed/,
    );
  },
);
