import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../audio/features/features.js';
import { buildDebianCorpus } from '../data/corpus/debian/debian.js';
import { debianAvailable } from '../data/corpus/debian/packages.js';
import { buildDirCorpus } from '../data/corpus/folder/folder.js';
import { missingFolders } from '../data/corpus/folders/collection.js';
import { findList } from '../data/corpus/folders/find-list.js';
import { buildFoldersCorpus } from '../data/corpus/folders/folders.js';
import { buildKaldiCorpus } from '../data/corpus/kaldi/kaldi.js';
import { buildLhotseCorpus } from '../data/corpus/listed/lhotse.js';
import { buildNemoCorpus, nemoSound } from '../data/corpus/listed/nemo.js';
import { buildCnCeleb } from '../data/corpus/official/cnceleb.js';
import { buildLibriSpeech } from '../data/corpus/official/librispeech.js';
import { buildVoxCeleb } from '../data/corpus/official/voxceleb.js';
import { buildParquetCorpus } from '../data/corpus/parquet/parquet.js';
import type { ShardCorpusOptions } from '../data/corpus/shard-corpus.js';
import { besideList, listStamp, sourceStamp, wavScpSound } from '../data/corpus/source-stamp.js';
import { buildSyntheticCorpus } from '../data/corpus/synthetic/synthetic.js';
import { buildTarCorpus } from '../data/corpus/tar-shards.js';
import { checkManifest, readManifest } from '../data/manifest.js';
import { buildShards } from '../data/shards/build.js';
import { readSummary } from '../data/shards/format.js';
import { checkBothKinds, checkTrials, repeatedTrials } from '../data/trials.js';
import { refuseIdle } from '../idle-options.js';
import { defineStage } from '../plugin/define.js';
import type { StageContext } from '../plugin/stage.js';
import { corpusResult, LISTS, listPath, openTrialLists, shardsDir, trialsPath } from './artifacts/corpus-data.js';

/** Those whose audio goes straight into shards. */
const SHARDED = [
  'voxceleb1',
  'voxceleb2',
  'cnceleb',
  'librispeech',
  'kaldi',
  'tar',
  'folders',
  'nemo',
  'lhotse',
  'parquet',
] as const;

/** Those that are lists of utterances by name. */
const LISTED = ['kaldi', 'nemo', 'lhotse', 'parquet'] as const;

const speakerPart = z
  .number()
  .int()
  .nonnegative()
  .optional()
  .describe('number of the path component, below the folder, that names the speaker; default: speakers are unknown');
const folder = z.union([
  z.string(),
  z.strictObject({ path: z.string().describe('below the root, or absolute'), speakerPart }),
]);

const fields = z.strictObject({
  source: z
    .enum(['auto', 'debian', 'synthetic', 'dir', 'ready', ...SHARDED])
    .default('auto')
    .describe("auto: 'debian' where apt exists, else 'synthetic'; ready: a folder made by `voxloop corpus`"),
  path: z
    .string()
    .optional()
    .describe(
      'ready: the corpus folder; folders: their root; nemo, lhotse: the manifest; parquet: a file or a folder of them; ' +
        'else the folder of recordings, laid out as it was published',
    ),
  folders: z
    .array(folder)
    .min(1)
    .optional()
    .describe(
      'folders: where the recordings lie, below the root; a corpus made by voxloop keeps its split and speakers',
    ),
  testPath: z
    .string()
    .optional()
    .describe('voxceleb1, voxceleb2, kaldi, nemo, lhotse, parquet: the folder or list of the test recordings'),
  secondPath: z.string().optional().describe('cnceleb: the folder of CN-Celeb2'),
  trials: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('voxceleb1, voxceleb2, kaldi, nemo, lhotse, parquet, folders: files of trial lists'),
  tests: z
    .string()
    .optional()
    .describe('folders: a file of folders that are heard in tests only, a path from the root on each line'),
  skipMissing: z
    .boolean()
    .optional()
    .describe('folders: goes on without those, and without trial lists, that are not there; default false'),
  enrolments: z
    .string()
    .optional()
    .describe('kaldi, nemo, lhotse, parquet: a file of models and the utterances that enrol them'),
  features: featureDefinition
    .optional()
    .describe('kaldi: the utterances are the features of feats.scp, which were computed with these options'),
  allowPipes: z.boolean().optional().describe('kaldi: lets the commands in wav.scp run; default false'),
  minSeconds: z
    .number()
    .nonnegative()
    .optional()
    .describe('official corpora, folders: leave out training recordings that are shorter'),
  speakerField: z
    .string()
    .optional()
    .describe(
      'nemo, parquet: the field or column that names the speaker; default: the first of speaker, speaker_id and label (nemo) or client_id (parquet)',
    ),
  audioField: z
    .string()
    .optional()
    .describe('parquet: the column of the audio; default: audio, or the only one with bytes in it'),
  speakerPart: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('dir: number of the path component that names the speaker'),
  testSpeakers: z.number().int().positive().optional().describe('dir, synthetic: speakers kept for trials'),
  speakers: z.number().int().positive().optional().describe('synthetic: number of voices'),
  utterances: z.number().int().positive().optional().describe('synthetic: utterances of each voice'),
});
type Options = z.output<typeof fields>;

/** The sources that read an option; `auto` may become `synthetic`. */
const READ_BY: Partial<Record<keyof Options, readonly Options['source'][]>> = {
  path: ['ready', 'dir', ...SHARDED],
  testPath: ['voxceleb1', 'voxceleb2', ...LISTED],
  secondPath: ['cnceleb'],
  folders: ['folders'],
  trials: ['voxceleb1', 'voxceleb2', 'folders', ...LISTED],
  tests: ['folders'],
  skipMissing: ['folders'],
  enrolments: LISTED,
  speakerField: ['nemo', 'parquet'],
  audioField: ['parquet'],
  allowPipes: ['kaldi'],
  features: ['kaldi'],
  minSeconds: SHARDED,
  speakerPart: ['dir'],
  testSpeakers: ['dir', 'synthetic', 'auto'],
  speakers: ['synthetic', 'auto'],
  utterances: ['synthetic', 'auto'],
};

const options = fields.superRefine(
  refuseIdle((chosen) =>
    (Object.keys(READ_BY) as (keyof Options)[]).map((option) => {
      const idle = chosen[option] !== undefined && !READ_BY[option]!.includes(chosen.source);
      return [idle, option, `has no effect with source: ${chosen.source}; it is for ${READ_BY[option]!.join(', ')}`];
    }),
  ),
);

const result = corpusResult.extend({
  source: fields.shape.source.unwrap(),
  /** Utterances of each part: one set of test utterances, or one for each form that they exist in. */
  train: z.number().optional(),
  test: z.number().optional(),
  clean: z.number().optional(),
  channel: z.number().optional(),
});

/** A hash of the recordings and lists that a corpus is made of; undefined for one that voxloop makes or fetches itself. */
function corpusSources(options: Options): string | undefined {
  const { source, path, testPath, secondPath, trials, tests, enrolments, features } = options;
  if (!path || source === 'auto' || source === 'debian' || source === 'synthetic') return undefined;
  const lists = [tests, ...(trials ?? [])].map((name) => (name && source === 'folders' ? findList(name, path) : name));
  const more = [testPath, secondPath, enrolments, ...lists].filter((name) => name !== undefined && existsSync(name));
  const roots = source === 'folders' ? presentFolders(path, options) : [path];
  const stamps = [sourceStamp([...roots, ...(more as string[])])];
  if (source === 'kaldi')
    for (const dir of [path, testPath ?? path])
      stamps.push(listStamp(join(dir, features ? 'feats.scp' : 'wav.scp'), (line) => wavScpSound(line, dir)));
  if (source === 'nemo' && !path.endsWith('.gz'))
    for (const list of [path, testPath ?? path]) stamps.push(listStamp(list, (line) => nemoSound(line, dirname(list))));
  if (source === 'tar' && existsSync(path) && statSync(path).isFile())
    stamps.push(listStamp(path, (line) => (line === '' ? undefined : besideList(line, dirname(path)))));
  return stamps.includes(undefined) ? undefined : stamps.join(' ');
}

const foldersOf = ({ folders = [] }: Options) => folders.map((one) => (typeof one === 'string' ? { path: one } : one));

function presentFolders(root: string, options: Options): string[] {
  const folders = foldersOf(options);
  const missing = missingFolders(root, folders);
  return folders.filter((one) => !missing.includes(one)).map((one) => resolve(root, one.path));
}

/** What `source: folders` needs and lacks, told before a run begins. */
function foldersFaults(root: string, options: Options): string[] {
  const { source, folders, trials = [], tests, skipMissing } = options;
  if (source !== 'folders') return [];
  if (!folders) return ["the corpus stage with source 'folders' needs 'folders': their paths below 'path'"];
  const missing = skipMissing ? [] : missingFolders(root, foldersOf(options));
  const lists = skipMissing ? [] : trials;
  const files = [...lists, ...(tests === undefined ? [] : [tests])].filter((file) => !existsSync(findList(file, root)));
  return [
    ...missing.map(
      ({ path }) =>
        `the corpus folder ${resolve(root, path)} does not exist; correct the corpus stage's 'folders', or set skipMissing: true to go on without it`,
    ),
    ...files.map((file) => `the file ${resolve(file)} does not exist; correct the corpus stage's 'trials' and 'tests'`),
  ];
}

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
    if (!ready) await build(source, context, chosen);
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

async function build(
  source: Options['source'],
  { dir, log, signal, seed, progress }: StageContext,
  options: Options,
): Promise<void> {
  const show = (part: string, step: number, total: number) => progress.update({ step, total, fields: { part } });
  const common = { out: join(dir, 'corpus'), log, signal };
  const { testSpeakers, speakers, utterances } = options;
  if (source === 'debian') await buildDebianCorpus(common);
  else if (source === 'synthetic') await buildSyntheticCorpus({ ...common, seed, speakers, utterances, testSpeakers });
  else if (source === 'dir')
    await buildDirCorpus({ ...common, root: options.path!, speakerPart: options.speakerPart, testSpeakers });
  else
    await buildSharded(source as (typeof SHARDED)[number], { ...common, root: options.path!, progress: show }, options);
}

/** A published corpus in its original layout, or several folders. */
function buildSharded(
  source: (typeof SHARDED)[number],
  common: ShardCorpusOptions & { root: string },
  options: Options,
): Promise<unknown> {
  const {
    testPath: testRoot,
    secondPath: second,
    trials,
    tests,
    enrolments,
    allowPipes,
    features,
    skipMissing,
  } = options;
  const build = { ...common, minSeconds: options.minSeconds };
  if (source === 'folders')
    return buildFoldersCorpus({ ...build, folders: foldersOf(options), trials, tests, skipMissing });
  if (source === 'cnceleb') return buildCnCeleb({ ...build, second });
  if (source === 'librispeech') return buildLibriSpeech(build);
  if (source === 'tar') return buildTarCorpus(build);
  const listed = { ...build, testRoot, trials, enrolments };
  if (source === 'kaldi') return buildKaldiCorpus({ ...listed, allowPipes, features });
  if (source === 'nemo') return buildNemoCorpus({ ...listed, speakerField: options.speakerField });
  if (source === 'lhotse') return buildLhotseCorpus(listed);
  if (source === 'parquet')
    return buildParquetCorpus({ ...listed, speakerField: options.speakerField, audioField: options.audioField });
  return buildVoxCeleb({ ...build, edition: source === 'voxceleb1' ? 1 : 2, testRoot, trials });
}

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
