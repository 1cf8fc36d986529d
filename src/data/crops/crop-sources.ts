import type { Rng } from '../../random.js';
import type { CropPlan } from './crops.js';

/**
 * Groups of utterances assumed to be of one speaker, in memory that threads share. Group g is
 * `members[offsets[g]] ... members[offsets[g + 1] - 1]`, in ascending order; each utterance belongs to its own group.
 */
export interface UtteranceGroups {
  /** The group that an utterance draws from; -1 for none. // [utterances] */
  groups: Int32Array;
  /** [groups + 1] */
  offsets: Int32Array;
  members: Int32Array;
}

/** The utterances that the crops of a batch are cut from. */
export interface CropSources extends UtteranceGroups {
  /**
   * `all`: every crop from a randomly drawn member, which may be the utterance itself. `positive`: the first global crop
   * and the local ones from the utterance, the other global ones from one other member.
   */
  crops: 'all' | 'positive';
  /** Probability that a crop (`all`) or an utterance (`positive`) draws at all. */
  probability: number;
}

/** The groups of a clustering [utterances]; noise (-1) has none. */
export function groupsOfLabels(labels: Int32Array): UtteranceGroups {
  const clusters = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const offsets = shared(clusters + 1);
  for (const label of labels) if (label >= 0) offsets[label + 1]++;
  for (let i = 0; i < clusters; i++) offsets[i + 1] += offsets[i];
  const members = shared(offsets[clusters]);
  const next = offsets.slice();
  labels.forEach((label, utterance) => {
    if (label >= 0) members[next[label]++] = utterance;
  });
  return { groups: copied(labels), offsets, members };
}

/** The groups of nearest neighbours: row by row `k` utterances, none of them the row itself; -1 where there are fewer. // [utterances, k] */
export function groupsOfNeighbours(neighbours: Int32Array, k: number): UtteranceGroups {
  const rows = k > 0 ? neighbours.length / k : 0;
  const lists = Array.from({ length: rows }, (_, row) => {
    const known = neighbours.subarray(row * k, (row + 1) * k).filter((utterance) => utterance >= 0);
    return Int32Array.of(row, ...known).sort();
  });
  const offsets = shared(rows + 1);
  lists.forEach((list, row) => {
    offsets[row + 1] = offsets[row] + list.length;
  });
  const members = shared(offsets[rows]);
  lists.forEach((list, row) => {
    members.set(list, offsets[row]);
  });
  return { groups: copied(Int32Array.from(lists.keys())), offsets, members };
}

/** Groups read back from a checkpoint, in memory that threads share. */
export const sharedGroups = ({ groups, offsets, members }: UtteranceGroups): UtteranceGroups => ({
  groups: copied(groups),
  offsets: copied(offsets),
  members: copied(members),
});

/** Draws the utterance that each crop of `utterance` is cut from: global crops, then local ones. */
export function drawOrigins(utterance: number, { count }: CropPlan, sources: CropSources, rng: Rng): number[] {
  const { crops, probability } = sources;
  const origins = new Array<number>(count.global + count.local).fill(utterance);
  const group = groupOf(utterance, sources);
  if (group.length < 2) return origins;
  if (crops === 'all') return origins.map(() => (rng.next() < probability ? group[rng.int(group.length)] : utterance));
  return rng.next() < probability ? origins.fill(another(group, utterance, rng), 1, count.global) : origins;
}

/** Draws one other member of the utterance's group, each equally likely; null where there is none. */
export function drawPartner(utterance: number, groups: UtteranceGroups, rng: Rng): number | null {
  const group = groupOf(utterance, groups);
  return group.length < 2 ? null : another(group, utterance, rng);
}

function groupOf(utterance: number, { groups, offsets, members }: UtteranceGroups): Int32Array {
  const group = groups[utterance];
  return group < 0 ? members.subarray(0, 0) : members.subarray(offsets[group], offsets[group + 1]);
}

function another(group: Int32Array, utterance: number, rng: Rng): number {
  const drawn = rng.int(group.length - 1);
  return group[drawn] < utterance ? group[drawn] : group[drawn + 1];
}

const shared = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length));

function copied(values: Int32Array): Int32Array {
  const copy = shared(values.length);
  copy.set(values);
  return copy;
}
