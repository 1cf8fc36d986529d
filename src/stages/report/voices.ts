import { readUtterance, type ShardSet } from '../../data/shards/shards.js';
import { subtractMean } from '../../eval/subtract-mean.js';
import { wav16 } from '../../io/wav-write.js';
import type { VoiceCluster, VoicesFound } from '../../report/report.js';
import { dot, rowsOf, unitRows } from '../../rows.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { Embeddings } from '../artifacts/embeddings-data.js';

/** Clusters of which recordings can be heard, how many of each, and how much of each: the report stays below some 2 MB. */
const HEARD = 6;
const EXAMPLES = 2;
const EXAMPLE_SECONDS = 4;

/**
 * The clusters of recordings, the largest first, with the recordings nearest to the centres of the largest.
 * @param labels [utterances] -1 for none
 * @param embeddings of the same utterances
 */
export function voicesOf(shards: ShardSet, labels: Int32Array, { vectors, size }: Embeddings): VoicesFound {
  const centred = vectors.slice();
  subtractMean(centred, size);
  const rows = [...rowsOf(unitRows(centred, size), size)];
  const members = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const inside = members.get(label) ?? [];
    if (label >= 0) members.set(label, inside);
    inside.push(i);
  });
  const bySize = [...members].sort(([a, m], [b, n]) => n.length - m.length || a - b);
  const clusters = bySize.map(([label, inside], place): VoiceCluster => {
    const heard = place < HEARD ? nearestToCentre(rows, inside).slice(0, EXAMPLES) : [];
    return {
      name: nameOf(label),
      recordings: inside.length,
      seconds: inside.reduce((sum, i) => sum + shards.samples[i], 0) / SAMPLE_RATE_HZ,
      // Stored features cannot be listened to.
      examples: shards.features
        ? []
        : heard.map((i) => ({ name: shards.ids[i], wav: excerpt(readUtterance(shards, i)) })),
    };
  });
  return { clusters, unlabelled: labels.filter((label) => label < 0).length };
}

/** The name of a cluster in tables and maps. */
export const nameOf = (label: number): string => (label < 0 ? 'none' : `${label + 1}`);

function nearestToCentre(rows: readonly Float32Array[], inside: readonly number[]): number[] {
  const centre = new Float64Array(rows[0].length);
  for (const i of inside)
    rows[i].forEach((value, d) => {
      centre[d] += value;
    });
  const cosine = new Map(inside.map((i) => [i, dot(rows[i], centre)]));
  return inside.toSorted((a, b) => cosine.get(b)! - cosine.get(a)! || a - b);
}

/** The middle of a recording, as the bytes of a WAV file. */
function excerpt(samples: Int16Array): Uint8Array {
  const length = Math.min(samples.length, EXAMPLE_SECONDS * SAMPLE_RATE_HZ);
  const start = Math.floor((samples.length - length) / 2);
  return Buffer.concat(wav16(samples.slice(start, start + length), SAMPLE_RATE_HZ));
}
