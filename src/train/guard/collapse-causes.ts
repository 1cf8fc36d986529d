/** Causes of a collapse, the likeliest first where several show. Checkpoints hold their numbers in this order. */
export const CAUSES = ['one-prototype', 'uniform-output', 'constant-embedding', 'few-dimensions', 'flat-loss'] as const;
export type Cause = (typeof CAUSES)[number];

/** A cause with the figure that shows it and the limit it is compared with. */
export interface Suspicion {
  cause: Cause;
  value: number;
  limit: number;
}

interface Text {
  /** The symptom. */
  seen(value: string, limit: string): string;
  /** The likely remedy. */
  remedy: string;
}

const TEXTS: Record<Cause, Text> = {
  'one-prototype': {
    seen: (value, limit) => `one prototype takes all: the outputs' entropy is ${value} nats, healthy is above ${limit}`,
    remedy: 'raise the teacher temperature, let the centre follow faster (centerMomentum) or lower rate.peak',
  },
  'uniform-output': {
    seen: (value, limit) => `all prototypes are alike: the entropy is stuck at ${value} nats, and ln K is ${limit}`,
    remedy: 'lower the teacher temperature, take fewer prototypes, a lower emaMomentum or another rate.peak',
  },
  'constant-embedding': {
    seen: (value, limit) =>
      `all utterances get one embedding: its deviation is ${value}, of random directions ${limit}`,
    remedy: 'lower rate.peak, lengthen rate.warmup, or give more weight to what keeps embeddings apart',
  },
  'few-dimensions': {
    seen: (value, limit) =>
      `embeddings lie in few dimensions: their effective rank is ${value}, healthy is above ${limit}`,
    remedy: 'lower rate.peak, enlarge batchSize, or add a decorrelating term (rdino, vicreg)',
  },
  'flat-loss': {
    seen: (value, limit) => `the loss has stayed at ${value} since the start (${limit}): nothing is learned`,
    remedy: 'raise rate.peak, or look whether the crops hold speech and the augmentation leaves any of it',
  },
};

/** One sentence: the symptom, and what to change. */
export function describeSuspicion({ cause, value, limit }: Suspicion): string {
  const { seen, remedy } = TEXTS[cause];
  return `${seen(shown(value), shown(limit))}; likely remedy: ${remedy}.`;
}

const shown = (value: number): string => String(Number(value.toPrecision(3)));
