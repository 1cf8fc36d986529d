import { createRng } from '../random.js';

/** Labels made from known speakers. */
export interface KnownLabels {
  /** Number of each utterance's speaker, -1 for an utterance without a label. // [utterances] */
  labels: Int32Array;
  /** Speakers that have a number; they are numbered by name. */
  speakers: number;
  /** Speakers that have too few utterances for a number. */
  leftOut: number;
}

/**
 * Labels `share` (above 0, at most 1) of each speaker's utterances, rounded, and at least `least` of them; a speaker with fewer utterances
 * than that is left out, and an utterance of nobody known (an empty name) has no label. Which ones depends on the seed and on the speaker's
 * name, so that a speaker keeps its own when others come in.
 */
export function knownLabels(
  speakerOf: readonly string[],
  { share, least, seed }: { share: number; least: number; seed: number | string },
): KnownLabels {
  const utterances = new Map<string, number[]>();
  speakerOf.forEach((speaker, utterance) => {
    if (!speaker) return;
    const ofSpeaker = utterances.get(speaker);
    if (ofSpeaker) ofSpeaker.push(utterance);
    else utterances.set(speaker, [utterance]);
  });
  const enough = [...utterances.keys()].filter((speaker) => utterances.get(speaker)!.length >= least).sort();
  const labels = new Int32Array(speakerOf.length).fill(-1);
  const rng = createRng(seed).fork('known labels');
  for (const [label, speaker] of enough.entries()) {
    const ofSpeaker = utterances.get(speaker)!;
    const count = Math.max(least, Math.round(share * ofSpeaker.length));
    for (const utterance of rng.fork(speaker).shuffle(ofSpeaker).slice(0, count)) labels[utterance] = label;
  }
  return { labels, speakers: enough.length, leftOut: utterances.size - enough.length };
}
