import { UserError } from '../errors.js';

/** How batches are made of voices. */
export interface VoicePairing {
  /** Each utterance's speaker, a number from 0; -1 for utterances that are not used. // [utterances] */
  labels: Int32Array;
  /** Utterances of each speaker in a batch, one after the other: so many rows further down there is another voice. */
  each: number;
  /** Speakers that are used. */
  speakers: number;
}

/**
 * Finds batches of several speakers, with as few utterances of each as there are speakers for. Speakers with one utterance are not used, for
 * another one has to enrol them.
 * @param names speaker of each utterance, '' where unknown
 * @throws UserError where there are fewer than two speakers with two utterances, or none of the divisions of the batch has enough
 */
export function pairVoices(names: readonly string[], batchSize: number): VoicePairing {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  const usable = [...counts].filter(([, count]) => count > 1);
  if (usable.length < 2)
    throw new UserError(
      `Mixtures are made of two speakers with two training utterances each, and the corpus has ${usable.length} such ` +
        `speaker${usable.length === 1 ? '' : 's'}. Give a corpus of more speakers, or labels of a cluster stage with \`clusters\`.`,
    );
  const each = divisorsOf(batchSize).find(
    (size) => batchSize / size >= 2 && usable.filter(([, count]) => count >= size).length >= batchSize / size,
  );
  if (each === undefined)
    throw new UserError(
      `batchSize: ${batchSize} cannot be made of equal numbers of utterances of ${usable.length} speakers. Choose an even number, or a smaller one.`,
    );
  const numbers = new Map(usable.map(([name], number) => [name, number]));
  return { labels: Int32Array.from(names, (name) => numbers.get(name) ?? -1), each, speakers: usable.length };
}

const divisorsOf = (whole: number): number[] =>
  Array.from({ length: whole }, (_, i) => i + 1).filter((size) => whole % size === 0);
