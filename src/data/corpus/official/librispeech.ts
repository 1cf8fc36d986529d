import { UserError } from '../../../errors.js';
import { packedRows } from '../../packed-rows.js';
import type { CorpusSummary } from '../corpus-folder.js';
import type { Skipped } from '../finish-corpus.js';
import { keepApart } from '../keep-apart.js';
import type { PlannedRecording } from '../planned-corpus.js';
import { listRecordings } from '../recordings.js';
import { buildShardCorpus, type ShardCorpusOptions } from '../shard-corpus.js';
import { readLibriSpeakers } from './speaker-facts.js';
import { findBeside } from './trials.js';

/** Options of `buildLibriSpeech`. */
export interface LibriSpeechOptions extends ShardCorpusOptions {
  /** The folder that holds train-clean-100, test-clean and so on. */
  root: string;
  /** Of the trials that are drawn. Default: 1. */
  seed?: number;
}

/** Subset, speaker, chapter, utterance. */
const LAYOUT = /(?:^|\/)([a-z]+(?:-[a-z0-9]+)+)\/(\d+)\/(\d+)\/([^/]+)\.(?:flac|wav)$/;

/**
 * Makes a corpus of LibriSpeech in its official layout: trains on the train subsets, draws trials among the speakers of the others
 * (LibriSpeech has no trial lists). Genders come from SPEAKERS.TXT.
 * @throws UserError when no recording lies in that layout, or none is left to train on
 */
export async function buildLibriSpeech(options: LibriSpeechOptions): Promise<CorpusSummary> {
  keepApart(options.out, options.root);
  const { root, files, skipped: passed, hash } = listRecordings(options.root, ['flac', 'wav']);
  const table = findBeside(root, 'SPEAKERS.TXT');
  const genders = table ? readLibriSpeakers(table) : new Map<string, string>();
  const skipped = packedRows<Skipped>();
  for (const file of passed) skipped.push(file);
  const recordings = packedRows<PlannedRecording>();
  let trains = 0;
  for (const file of files) {
    const [, subset, speaker, , name] = LAYOUT.exec(file) ?? [];
    if (!subset) {
      skipped.push({
        file,
        kind: 'another layout',
        reason: "it does not lie in subset/speaker/chapter/, LibriSpeech's layout",
      });
      continue;
    }
    const split = subset.startsWith('train') ? 'train' : 'test';
    if (split === 'train') trains++;
    const gender = genders.get(speaker) ?? null;
    recordings.push({ id: `${subset}-${name}`, path: file, speaker, split, language: 'en', gender, root, file });
  }
  if (recordings.length === 0)
    throw new UserError(
      `${options.root} has no recordings in LibriSpeech's layout (train-clean-100/SPEAKER/CHAPTER/NAME.flac).`,
    );
  if (trains === 0)
    throw new UserError(
      `${options.root} has no train subset (train-clean-100 and so on): nothing is left to train on.`,
    );
  const seed = options.seed ?? 1;
  const identity = { name: 'librispeech', options: { root, hash, seed } };
  const origin = 'LibriSpeech (Panayotov et al. 2015), https://www.openslr.org/12/, CC BY 4.0.';
  return buildShardCorpus({ identity, recordings, lists: [], skipped, origin, seed }, options);
}
