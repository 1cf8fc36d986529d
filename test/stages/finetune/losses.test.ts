import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { z } from 'zod';
import { defineLoss } from '../../../src/index.js';
import { writeNpy } from '../../../src/io/npy.js';
import type { Artifact } from '../../../src/plugin/stage.js';
import { readMetrics } from '../../../src/train/metrics-log.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS } from '../../helpers/training/small-training.js';

const UTTERANCES = 14;

/** Utterances of four speakers in turn, and one of a fifth. */
async function artifacts(t: ExecutionContext) {
  const [corpus, clusters] = [temporaryFolder(t), temporaryFolder(t)];
  const samples = Array.from({ length: UTTERANCES }, (_, i) => 5200 + 200 * i);
  await voiceCorpus(corpus, samples);
  const labels = Int32Array.from(samples, (_, i) => (i === 0 ? 4 : i % 4));
  writeNpy(join(clusters, 'labels.npy'), [UTTERANCES], labels);
  return { corpus: artifactAt(corpus, 'corpus', { path: null }), clusters: artifactAt(clusters, 'cluster') };
}

const options = (loss: unknown, more = {}) => ({
  corpus: 'corpus',
  clusters: 'clusters',
  loss,
  features: { bins: BINS },
  backbone: { name: 'tdnn', width: 16, embeddingSize: 8 },
  cropSeconds: 0.25,
  batchSize: 8,
  accumulate: 2,
  steps: 5,
  rate: { peak: 0.003 },
  ...more,
});

const FILES = ['metrics.jsonl', 'checkpoint.safetensors', 'models/network/model.safetensors'];

for (const [title, loss, more] of [
  ['triplet, at two speeds', { name: 'triplet', negatives: 'hardest' }, { speeds: [1, 0.9] }],
  ['ge2e', { name: 'ge2e', utterancesPerSpeaker: 2, form: 'contrast' }, {}],
  ['sphereface2', 'sphereface2', {}],
] as const)
  test(`${title}: trains, and a stopped run ends as one that was left alone`, async (t) => {
    const inputs = await artifacts(t);
    const run = async (stops: number[]) => {
      const lines: string[] = [];
      const attempt = {
        registry: newRegistry(),
        stage: 'finetune',
        dir: temporaryFolder(t),
        options: options(loss, more),
        artifacts: inputs,
        log: (line: string) => lines.push(line),
      };
      for (const stopAt of stops) await t.throwsAsync(() => runStage({ ...attempt, stopAt }), { message: 'stopped' });
      await runStage({ ...attempt, resume: stops.length > 0 });
      return { dir: attempt.dir, lines };
    };
    const [whole, stopped] = [await run([]), await run([3])];
    for (const file of FILES)
      t.deepEqual(readFileSync(join(stopped.dir, file)), readFileSync(join(whole.dir, file)), file);
    const metrics = readMetrics(join(whole.dir, 'metrics.jsonl'));
    t.is(metrics.length, 5);
    t.true(metrics.every(({ loss: value }) => Number.isFinite(value) && value! > 0));
    const compares = loss !== 'sphereface2';
    t.is(
      whole.lines.some((line) => /^speakers with too few utterances .*: 1$/.test(line)),
      compares,
    );
    t.is('accuracy' in metrics[0], !compares);
  });

const names = {
  corpus: artifactAt('', 'corpus'),
  clusters: artifactAt('', 'clusters'),
  model: artifactAt('', 'model'),
};
const faults = (stage: string, stageOptions: Record<string, unknown>) =>
  checkStage({
    registry: newRegistry(),
    stage,
    options: stageOptions,
    artifacts: { ...names, embeddings: artifactAt('', 'embeddings') },
  });

test('what a loss cannot work with is said before the run', async (t) => {
  const correction = { fromEpoch: 3 };
  const gate = { name: 'fixed', threshold: 3 };
  t.deepEqual(await faults('finetune', options('triplet')), []);
  t.deepEqual(await faults('finetune', options('softmax', { gate, correction })), []);
  const [wrong, ...none] = await faults('finetune', options('triplet', { gate, correction }));
  t.regex(wrong, /^correction: 'triplet' has no class scores/);
  t.deepEqual(none, []);
  const odd = await faults('finetune', options({ name: 'ge2e', utterancesPerSpeaker: 3 }));
  t.deepEqual(odd, [
    "batchSize: 'ge2e' compares 3 utterances of each of several speakers, and a forward pass sees 4. " +
      'Make batchSize / accumulate a multiple of 3, at least 6.',
  ]);
  t.regex((await faults('finetune', options('ge2e')))[0], /multiple of 4, at least 8/);
  const started = { prototypes: 'embeddings', init: 'model', backbone: undefined, features: undefined };
  t.regex((await faults('finetune', options('triplet', started)))[0], /^prototypes: 'triplet' has no class prototypes/);
});

test('a loop refuses a loss that no round can start, and a large margin where there is none', async (t) => {
  const loop = (loss: unknown, margin?: number) => ({
    corpus: 'corpus',
    init: 'model',
    algorithm: { name: 'kmeans', clusters: 5 },
    training: { loss, epochs: 1, rate: { peak: 0.1 }, correction: null },
    ...(margin && { largeMargin: { margin, rate: { peak: 0.1 } } }),
  });
  const interTopK = { classes: 5 };
  t.deepEqual(await faults('loop', loop('softmax')), []);
  t.deepEqual(await faults('loop', loop({ name: 'aam-softmax', interTopK }, 0.5)), []);
  t.deepEqual(await faults('loop', loop('sphereface2', 0.3)), []);
  t.deepEqual(await faults('loop', loop('triplet')), [
    "training.loss: 'triplet' has no class prototypes for a round to start from. Choose a loss over classes.",
  ]);
  t.regex(
    (await faults('loop', loop('softmax', 0.5))).join(),
    /^largeMargin: 'softmax': .*margin.* Choose a loss with such a margin/,
  );
  t.regex(
    (await faults('loop', loop('a-softmax', 0.5))).join(),
    /^largeMargin: 'a-softmax': .*margin.* Choose a loss with such a margin/,
  );
  t.regex(
    (await faults('loop', loop('aam-softmax', 4))).join(),
    /^largeMargin: 'aam-softmax': .*margin.* Choose a loss with such a margin/,
  );
});

test("a loss of one's own that has no margin is refused before the rounds, whatever options it takes", async (t) => {
  const registry = newRegistry();
  const build = () => {
    throw new Error('not to be built');
  };
  const own = { name: 'own', summary: '', options: z.looseObject({}), build };
  registry.add(defineLoss({ ...own, hasMargin: () => false }), 'test', '');
  registry.add(defineLoss({ ...own, name: 'other' }), 'test', '');
  const check = (loss: string) =>
    checkStage({
      registry,
      stage: 'loop',
      artifacts: { ...names },
      options: {
        corpus: 'corpus',
        init: 'model',
        algorithm: { name: 'kmeans', clusters: 5 },
        training: { loss, epochs: 1, rate: { peak: 0.1 }, correction: null },
        largeMargin: { margin: 0.5, rate: { peak: 0.1 } },
      },
    });
  t.deepEqual(await check('own'), [
    "largeMargin: 'own' has no margin. Choose a loss with such a margin, or leave largeMargin out.",
  ]);
  t.deepEqual(await check('other'), []);
});

test('going on with a classifier warns of inter-top-k, which large-margin training is published without', async (t) => {
  const inputs = await artifacts(t);
  const run = async (loss: unknown, more: Record<string, unknown>, model?: Artifact) => {
    const lines: string[] = [];
    const made = await runStage({
      registry: newRegistry(),
      stage: 'finetune',
      dir: temporaryFolder(t),
      options: options(loss, { steps: 0, ...more }),
      artifacts: { ...inputs, ...(model && { model }) },
      log: (line) => lines.push(line),
    });
    return { made, warned: lines.some((line) => /^warning: loss.interTopK is still on/.test(line)) };
  };
  const rivals = { name: 'aam-softmax', interTopK: { classes: 2 } };
  const first = await run(rivals, {});
  t.false(first.warned);
  const on = { init: 'model', backbone: undefined, features: undefined, classifier: 'keep' };
  const large = { ...rivals, margin: 0.5 };
  t.true((await run(large, on, first.made)).warned);
  t.false((await run({ name: 'aam-softmax', margin: 0.5 }, on, first.made)).warned);
  t.false((await run(large, { ...on, classifier: 'new' }, first.made)).warned, 'another training');
});
