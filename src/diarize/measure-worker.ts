import type { ShardLayout } from '../data/shards/reader.js';
import { readUtterance } from '../data/shards/shards.js';
import { serveTasks } from '../data/worker-pool.js';
import { measureSpeech, type SpeechMeasures } from './measure-speech.js';

/** Measures one utterance of a shard set. */
export interface MeasureTask {
  layout: ShardLayout;
  index: number;
}

serveTasks<MeasureTask, SpeechMeasures>(async ({ layout, index }) => ({
  result: measureSpeech(readUtterance(layout, index)),
}));
