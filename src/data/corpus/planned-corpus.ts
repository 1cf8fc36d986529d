import type { AudioPart } from '../audio-part.js';
import type { Rows } from '../packed-rows.js';
import type { Trial } from '../trials.js';
import type { CorpusIdentity } from './corpus-folder.js';
import type { Skipped } from './finish-corpus.js';

/** An utterance that a corpus is to hold, and where its sound is. */
export interface PlannedRecording {
  id: string;
  /** How trial lists name it. */
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
  /** The recordings of each model that is no recording itself: its embedding is their mean. */
  enrolments?: ReadonlyMap<string, readonly string[]>;
}

/** All that is known about a corpus before its sound is decoded. */
export interface CorpusPlan {
  identity: CorpusIdentity;
  recordings: Rows<PlannedRecording>;
  /** Official lists. Where there is none, and test recordings are, trials are drawn. */
  lists: PlannedList[];
  skipped: Iterable<Skipped>;
  /** Where the sound comes from, in a sentence. */
  origin: string;
  seed: number;
}
