import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import type { AudioPart } from '../audio-part.js';
import type { Rows } from '../packed-rows.js';
import type { Trial } from '../trials.js';
import type { CorpusIdentity } from './corpus-folder.js';
import type { Skipped } from './finish-corpus.js';

/** An utterance that a corpus is to hold, and the place of its sound. */
export interface PlannedRecording {
  id: string;
  /** Its name in trial lists. */
  path: string;
  speaker: string | null;
  split: 'train' | 'test';
  language: string | null;
  gender: string | null;
  /** The folder and the file in it. */
  root: string;
  file: string;
  part?: AudioPart;
}

/** A trial list over the paths of planned recordings, or of models that several recordings enrol. */
export interface PlannedList {
  name: string;
  trials: Trial[];
  /** The recordings of each model that is not a recording itself: its embedding is their mean. */
  enrolments?: ReadonlyMap<string, readonly string[]>;
}

/** All that is known about a corpus before its sound is decoded. */
export interface CorpusPlan {
  identity: CorpusIdentity;
  recordings: Rows<PlannedRecording>;
  /** Where the recordings are stored features, `archive:offset`: their definition. */
  features?: FeatureDefinition;
  /** Official lists. Without any, trials are drawn from the test recordings. */
  lists: PlannedList[];
  skipped: Iterable<Skipped>;
  /** A sentence on the origin of the sound. */
  origin: string;
  seed: number;
}
