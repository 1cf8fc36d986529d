import { resolve } from 'node:path';
import type { FeatureDefinition } from '../../../audio/features/feature-definition.js';
import type { CorpusSummary } from '../corpus-folder.js';
import { buildListedCorpus, type ListedCorpusOptions, listedPlan } from '../listed/listed-corpus.js';
import { readKaldiData } from './kaldi-data.js';

/** Options of `buildKaldiCorpus`; `root` is a data folder: wav.scp and, where they exist, segments, utt2spk, spk2gender, utt2lang. */
export interface KaldiCorpusOptions extends ListedCorpusOptions {
  /** Lets commands in wav.scp run. Default: false. */
  allowPipes?: boolean;
  /** Takes the features of feats.scp, which were computed so, in the place of recordings. Default: recordings. */
  features?: FeatureDefinition;
}

/**
 * Makes a corpus of Kaldi data folders. Utterances keep their names; the speakers of tested utterances are not trained on.
 * @throws UserError for broken or missing files, for commands that are not allowed, for trials that name unknown utterances
 */
export function buildKaldiCorpus(options: KaldiCorpusOptions): Promise<CorpusSummary> {
  const { root, allowPipes = false, features } = options;
  const warn = (warning: string) => options.log?.(`Warning: ${warning}`);
  const reading = { allowPipes, features: features !== undefined, warn };
  return buildListedCorpus(options, {
    name: 'kaldi',
    origin: `The ${features ? 'features' : 'recordings'} of the Kaldi data folder \`${resolve(root)}\``,
    another: 'a folder',
    settings: { allowPipes, ...(features && { features }) },
    features,
    read: async (dir) => listedPlan(readKaldiData(dir, reading)),
  });
}
