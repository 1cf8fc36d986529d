import { cosine, logSoftmax, mean, type Rows } from './losses.js';

export interface PlainMargin {
  kind: 'none' | 'cosface' | 'arcface';
  value: number;
}

/** A cosine with its margin: cos - m (Wang et al. 2018), cos(angle + m) (Deng et al. 2019) or, past pi, the latter's line on. */
export function movedCosine(value: number, margin: PlainMargin): number {
  if (margin.kind === 'none') return value;
  if (margin.kind === 'cosface') return value - margin.value;
  const angle = Math.acos(value);
  return angle + margin.value < Math.PI ? Math.cos(angle + margin.value) : value - 1 - Math.cos(Math.PI - margin.value);
}

/** -log of the positive's share, by the cosines of one anchor to its positive and to its negatives. */
const pick = (positive: number, negatives: readonly number[], margin: PlainMargin, logit: (cosine: number) => number) =>
  -logSoftmax([movedCosine(positive, margin), ...negatives].map(logit))[0];

/** NT-Xent (Chen et al. 2020) with a margin on the positives; views are lists of embeddings. */
export function ntXentWithMargin(
  [first, second]: readonly [Rows, Rows],
  temperature: number,
  margin: PlainMargin,
): number {
  const all = [...first, ...second];
  const losses = all.map((anchor, i) => {
    const partner = (i + first.length) % all.length;
    const negatives = all.filter((_, j) => j !== i && j !== partner).map((other) => cosine(anchor, other));
    return pick(cosine(anchor, all[partner]), negatives, margin, (value) => value / temperature);
  });
  return mean(losses);
}

/** Angular prototypical loss (Chung et al. 2020) with one query and one support vector a speaker: logits w cos + b. */
export function angularPrototypicalLoss(
  [queries, supports]: readonly [Rows, Rows],
  { w, b, margin }: { w: number; b: number; margin: PlainMargin },
): number {
  const losses = queries.map((query, i) => {
    const negatives = supports.filter((_, j) => j !== i).map((support) => cosine(query, support));
    return pick(cosine(query, supports[i]), negatives, margin, (value) => w * value + b);
  });
  return mean(losses);
}

/** InfoNCE as MoCo has it (He et al. 2020, equation 1): a query's key against every row of the queue. */
export function mocoLoss(
  queries: Rows,
  keys: Rows,
  queue: Rows,
  { temperature, margin }: { temperature: number; margin: PlainMargin },
): number {
  const losses = queries.map((query, i) => {
    const negatives = queue.map((key) => cosine(query, key));
    return pick(cosine(query, keys[i]), negatives, margin, (value) => value / temperature);
  });
  return mean(losses);
}
