import { serveTasks } from '../../data/worker-pool.js';
import { sortFloats } from '../detection/radix-sort.js';
import { readRange, type ScoreRange } from './score-range.js';

/** Also sorts the scores: two threads do that in half the time, and sorted lists are merged in one pass. */
serveTasks(async (range: ScoreRange) => {
  const result = readRange(range);
  for (const list of [result.targets, result.nontargets]) sortFloats(list);
  return { result, transfer: [result.targets.buffer as ArrayBuffer, result.nontargets.buffer as ArrayBuffer] };
});
