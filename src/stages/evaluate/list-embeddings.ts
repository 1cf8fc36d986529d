import { pickUtterances, type ShardSet } from '../../data/shards/shards.js';
import type { TestList } from '../artifacts/corpus-data.js';

/** Embeds all utterances of a set. // [utterances, size] */
export type EmbedShards = (shards: ShardSet) => Promise<Float32Array>;

/**
 * Embeds the utterances of one list after another, each utterance once however many lists name it, and appends the mean of its
 * recordings for each enrolled model.
 * @returns a function that gives the embeddings of a list, in the order of its paths // [paths, size]
 */
export function openListEmbedder(embed: EmbedShards, size: number): (list: TestList) => Promise<Float32Array> {
  const known = new Map<string, Float32Array>();
  return async ({ shards, models }) => {
    const keyOf = (id: string) => `${shards.dir}\t${id}`;
    const missing = shards.ids.flatMap((id, i) => (known.has(keyOf(id)) ? [] : [i]));
    if (missing.length > 0) {
      const vectors = await embed(missing.length === shards.ids.length ? shards : pickUtterances(shards, missing));
      missing.forEach((number, row) => {
        known.set(keyOf(shards.ids[number]), vectors.subarray(row * size, (row + 1) * size));
      });
    }
    const vectors = new Float32Array((shards.ids.length + models.length) * size);
    shards.ids.forEach((id, row) => {
      vectors.set(known.get(keyOf(id))!, row * size);
    });
    models.forEach(({ utterances }, i) => {
      const at = (shards.ids.length + i) * size;
      for (const row of utterances)
        for (let k = 0; k < size; k++) vectors[at + k] += vectors[row * size + k] / utterances.length;
    });
    return vectors;
  };
}
