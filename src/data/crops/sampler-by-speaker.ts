import { UserError } from '../../errors.js';
import { createRng, type Rng } from '../../random.js';
import { groupsOfLabels } from './crop-sources.js';
import type { Sampler, SamplerOptions } from './sampler.js';

/** Batches for losses that compare utterances. */
export interface SpeakerRule {
  /** Each utterance's speaker, a number from 0; utterances with a negative one are never drawn. // [utterances] */
  labels: Int32Array;
  /** Utterances of each speaker in a batch. */
  utterancesPerSpeaker: number;
}

export interface SpeakerSampler extends Sampler {
  /** Speakers that are never drawn, because they have fewer utterances than a batch takes of each. */
  leftOut: number;
}

/**
 * Batches of several speakers with `utterancesPerSpeaker` utterances of each, one speaker after the other. In an epoch no utterance
 * comes twice, and there are as many batches as can be made so; a speaker comes into batches in proportion to its utterances, but no
 * more than once into each. Throws a UserError when a batch takes more speakers than there are.
 */
export function createSpeakerSampler(
  { count, batchSize, seed, subset }: SamplerOptions,
  { labels, utterancesPerSpeaker: each }: SpeakerRule,
): SpeakerSampler {
  const utterances = subset ?? new Int32Array(count).map((_, i) => i);
  const { offsets, members } = groupsOfLabels(utterances.map((utterance) => labels[utterance]));
  const counts = offsets.slice(1).map((end, speaker) => end - offsets[speaker]);
  const groups = counts.map((known) => Math.floor(known / each));
  const perBatch = batchSize / each;
  checkBatch(perBatch, groups, { batchSize, each });
  const batchesPerEpoch = mostBatches(groups, perBatch);
  const orderOf = (epoch: number): Int32Array => {
    const rng = createRng(seed).fork('speakers').fork(epoch);
    const shuffled = members.slice();
    for (const speaker of counts.keys()) rng.shuffle(shuffled.subarray(offsets[speaker], offsets[speaker + 1]));
    const next = offsets.slice();
    const speakers = speakersOfEpoch(groups, perBatch, batchesPerEpoch, rng);
    const draw = (_: unknown, i: number) => utterances[shuffled[next[speakers[Math.floor(i / each)]]++]];
    return Int32Array.from({ length: speakers.length * each }, draw);
  };
  let known: { epoch: number; order: Int32Array } = { epoch: -1, order: new Int32Array(0) };

  return {
    batchesPerEpoch,
    leftOut: counts.filter((known, speaker) => known > 0 && groups[speaker] === 0).length,
    batchAt(step) {
      const epoch = Math.floor(step / batchesPerEpoch);
      if (known.epoch !== epoch) known = { epoch, order: orderOf(epoch) };
      const first = (step - epoch * batchesPerEpoch) * batchSize;
      return { step, epoch, utterances: known.order.slice(first, first + batchSize) };
    },
  };
}

function checkBatch(perBatch: number, groups: Int32Array, { batchSize, each }: { batchSize: number; each: number }) {
  if (!Number.isInteger(perBatch) || perBatch < 2)
    throw new UserError(
      `A batch of ${batchSize} is not made of ${each} utterances of each of several speakers. ` +
        `Choose a multiple of ${each}, at least ${2 * each}.`,
    );
  const enough = groups.filter((count) => count > 0).length;
  if (enough < perBatch)
    throw new UserError(
      `${enough} speakers have ${each} utterances or more, and a batch of ${batchSize} takes ${perBatch} speakers. ` +
        'Lower the batch size or the utterances per speaker, or add recordings.',
    );
}

/** The most batches of `perBatch` different speakers: a speaker serves as many of them as it has groups, at most all. */
function mostBatches(groups: Int32Array, perBatch: number): number {
  const places = (batches: number) => groups.reduce((sum, count) => sum + Math.min(count, batches), 0);
  let [low, high] = [1, Math.floor(places(Number.POSITIVE_INFINITY) / perBatch)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (places(middle) >= middle * perBatch) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The speakers of each batch of an epoch, `perBatch` different ones in each: drawn from a pool in which each stands once for each group of
 * utterances. A speaker with as many groups left as there are batches left is due in each of them; so the last batch gets whole.
 */
function speakersOfEpoch(groups: Int32Array, perBatch: number, batches: number, rng: Rng): Int32Array {
  const everyGroup = [...groups.keys()].flatMap((speaker) => Array(Math.min(groups[speaker], batches)).fill(speaker));
  const pool = rng.shuffle(Int32Array.from(everyGroup)).slice(0, perBatch * batches);
  const left = new Int32Array(groups.length);
  for (const speaker of pool) left[speaker]++;
  const most = left.slice();
  const byMost = [...groups.keys()].sort((a, b) => most[b] - most[a]);
  const lastBatch = new Int32Array(groups.length).fill(-1);
  const due = new Set<number>();
  const drawn = new Int32Array(pool.length);
  let size = pool.length;
  for (let batch = 0; batch < batches; batch++) {
    const remaining = batches - batch;
    // Others cannot be due yet, so that an epoch looks at each speaker as often as it has groups.
    for (let i = 0; most[byMost[i]] >= remaining; i++) if (left[byMost[i]] === remaining) due.add(byMost[i]);
    const chosen = [...due];
    while (chosen.length < perBatch) {
      const place = rng.int(size);
      const speaker = pool[place];
      if (lastBatch[speaker] === batch) continue;
      pool[place] = pool[--size];
      if (due.has(speaker)) continue;
      chosen.push(speaker);
      lastBatch[speaker] = batch;
      left[speaker]--;
    }
    for (const speaker of due) left[speaker]--;
    drawn.set(rng.shuffle(chosen), batch * perBatch);
  }
  return drawn;
}
