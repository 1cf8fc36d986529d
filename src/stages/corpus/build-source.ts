import { join } from 'node:path';
import { buildDebianCorpus } from '../../data/corpus/debian/debian.js';
import { buildDirCorpus } from '../../data/corpus/folder/folder.js';
import { buildFoldersCorpus } from '../../data/corpus/folders/folders.js';
import { buildKaldiCorpus } from '../../data/corpus/kaldi/kaldi.js';
import { buildLhotseCorpus } from '../../data/corpus/listed/lhotse.js';
import { buildNemoCorpus } from '../../data/corpus/listed/nemo.js';
import { buildCnCeleb } from '../../data/corpus/official/cnceleb.js';
import { buildLibriSpeech } from '../../data/corpus/official/librispeech.js';
import { buildVoxCeleb } from '../../data/corpus/official/voxceleb.js';
import { buildParquetCorpus } from '../../data/corpus/parquet/parquet.js';
import type { ShardCorpusOptions } from '../../data/corpus/shard-corpus.js';
import { buildSyntheticCorpus } from '../../data/corpus/synthetic/synthetic.js';
import { buildTarCorpus } from '../../data/corpus/tar-shards.js';
import type { StageContext } from '../../plugin/stage.js';
import type { CorpusOptions, SHARDED } from './options.js';
import { foldersOf } from './sources.js';

/** Makes the corpus of a source in the stage's folder. */
export async function buildSource(
  source: CorpusOptions['source'],
  { dir, log, signal, seed, progress }: StageContext,
  options: CorpusOptions,
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
  options: CorpusOptions,
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
