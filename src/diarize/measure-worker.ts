import type { ShardLayout } from '../data/shards/reader.js';
import { readUtterance } from '../data/shards/shards.js';
import { serveTasks } from '../data/worker-pool.js';
import { measureSpeech, type SpeechMeasures } from './measure-speech.js';

/** Measures a stretch of one utterance of a shard set. */
export interface MeasureTask {
  layout: ShardLayout;
  index: number;
  /** In samples, from the utterance's start. */
  start: number;
  samples: number;
}

serveTasks<MeasureTask, SpeechMeasures>(async ({ layout, index, start, samples }) => ({
  result: measureSpeech(readUtterance(layout, index, start, samples)),
}));
