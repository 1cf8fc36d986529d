import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { debianAvailable } from '../../data/corpus/debian/packages.js';
import { checkManifest, readManifest } from '../../data/manifest.js';
import { buildShards } from '../../data/shards/build.js';
import { readSummary } from '../../data/shards/format.js';
import { checkBothKinds, checkTrials, repeatedTrials } from '../../data/trials.js';
import { defineStage } from '../../plugin/define.js';
import type { StageContext } from '../../plugin/stage.js';
import { corpusResult, LISTS, listPath, openTrialLists, shardsDir, trialsPath } from '../artifacts/corpus-data.js';
import { buildSource } from './build-source.js';
import { fields, options } from './options.js';
import { corpusSources, foldersFaults } from './sources.js';

const result = corpusResult.extend({
  source: fields.shape.source.unwrap(),
  /** Utterances of each part: one set of test utterances, or one for each form that they exist in. */
  train: z.number().optional(),
  test: z.number().optional(),
  clean: z.number().optional(),
  channel: z.number().optional(),
});

/** Builds or opens a corpus and decodes it once into PCM shards. */
export default defineStage({
  name: 'corpus',
  summary: 'Builds or opens a corpus and decodes it once into PCM16 shards.',
  options,
  result,
  sources: corpusSources,
  check(_context, chosen) {
    const { source, path, testPath, secondPath } = chosen;
    if (source === 'auto' || source === 'debian' || source === 'synthetic') return [];
    if (!path) return [`the corpus stage with source '${source}' needs a 'path'`];
    const faults = Object.entries({ path, testPath, secondPath }).flatMap(([option, folder]) =>
      folder === undefined || existsSync(folder)
        ? []
        : [`the corpus folder ${resolve(folder)} does not exist; set the corpus stage's '${option}' to yours`],
    );
    return faults.length > 0 ? faults : foldersFaults(path, chosen);
  },
  async run(context, chosen) {
    const source = chosen.source === 'auto' ? (debianAvailable() ? 'debian' : 'synthetic') : chosen.source;
    if (chosen.source === 'auto') context.log(`corpus: ${source} (${reasons[source as keyof typeof reasons]})`);
    const ready = source === 'ready' ? resolve(chosen.path!) : null;
    if (!ready) await buildSource(source, context, chosen);
    const dir = ready ?? join(context.dir, 'corpus');
    const counts = existsSync(shardsDir(dir, 'train')) ? countShards(dir) : await shard(dir, context);
    const corpus = { source, path: ready, ...counts };
    if (ready) checkLists(context, corpus);
    return corpus;
  },
});

const reasons = {
  debian: 'real speech from packages of this system',
  synthetic: 'there is no apt-get, so synthetic voices replace real speech',
};

/** Utterances in each part of a corpus that holds its shards itself. */
function countShards(dir: string): Record<string, number> {
  const parts = ['train', 'test'].filter((part) => existsSync(shardsDir(dir, part)));
  return Object.fromEntries(parts.map((part) => [part, readSummary(shardsDir(dir, part)).utterances]));
}

/** Refuses, before anything is trained, lists of a corpus from elsewhere that could not be scored afterwards. */
function checkLists({ dir, log }: StageContext, result: { path: string | null }): void {
  for (const { name, trials, paths } of openTrialLists({ dir, result })) {
    const list = `The list ${name}`;
    checkTrials(trials, new Set(paths), list);
    checkBothKinds(trials, list);
    const repeated = repeatedTrials(trials, list);
    if (repeated > 0) log(`Warning: ${repeated} of ${trials.length} trials of ${name} are repeated; each counts.`);
  }
}

/** One shard set of the training utterances and one for each form of the test utterances. */
async function shard(dir: string, { dir: stageDir, log, signal, progress }: StageContext) {
  const manifest = readManifest(dir);
  checkManifest(manifest);
  const source = (path: string) => join(resolve(dir), path);
  const train = manifest.utterances.filter(({ split }) => split === 'train');
  const test = manifest.utterances.filter(({ split }) => split === 'test');
  const parts = [{ name: 'train' as const, utterances: train.map(({ id, path }) => ({ id, path: source(path) })) }];
  const tests = LISTS.filter((name) => test.length > 0 && existsSync(trialsPath(dir, name))).map((name) => ({
    name,
    utterances: test.map(({ id, path }) => ({ id, path: source(listPath(path, name)) })),
  }));
  const counts: Record<string, number> = {};
  for (const { name, utterances } of [...parts, ...tests]) {
    const update = (done: number, total: number) => progress.update({ step: done, total, fields: { part: name } });
    const built = await buildShards({ dir: shardsDir(stageDir, name), utterances, log, signal, progress: update });
    counts[name] = built.utterances;
  }
  return counts;
}
