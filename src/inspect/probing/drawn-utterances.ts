import { createRng } from '../../random.js';
import { indicesUpTo } from '../../rows.js';

/** Numbers of at most `most` of `count` utterances, drawn by seed, in order. */
export function drawnUtterances(count: number, most: number, seed: number): number[] {
  const drawn = createRng(seed).fork('probe/utterances').shuffle(indicesUpTo(count)).subarray(0, most);
  return Array.from(drawn.sort());
}
