import { clusterAccuracy, nmi, purity } from './clustering-metrics.js';

/** How well labels agree with speakers; null where no labelled utterance has a known speaker. */
export interface SpeakerAgreement {
  /** Share of the utterances without a label. */
  noise: number;
  nmi: number | null;
  purity: number | null;
  accuracy: number | null;
}

/**
 * Agreement of labels [utterances] with speakers [utterances], over the utterances that have a label (0 or more) and a known speaker (not
 * the empty string). For measurement only: nothing is chosen by it.
 */
export function speakerAgreement(labels: Int32Array, speakers: readonly string[]): SpeakerAgreement {
  const labelled = Array.from(labels.keys()).filter((i) => labels[i] >= 0);
  const noise = 1 - labelled.length / labels.length;
  const known = labelled.filter((i) => speakers[i] !== '');
  if (known.length === 0) return { noise, nmi: null, purity: null, accuracy: null };
  const clusters = known.map((i) => labels[i]);
  const classes = known.map((i) => speakers[i]);
  return {
    noise,
    nmi: nmi(clusters, classes),
    purity: purity(clusters, classes),
    accuracy: clusterAccuracy(clusters, classes),
  };
}
