import type { Session } from '../../engine/session/session.js';
import type { Rng } from '../../random.js';
import { indicesUpTo } from '../../rows.js';
import { ofAllProcesses, type Points, vectorsOf } from '../points.js';
import { drawWeighted } from './draw-weighted.js';
import { createGroupedScores, type GroupedScores } from './group-scores.js';
import { createPlusPlus } from './plus-plus.js';

/** Section 5 of the paper: five rounds of half as many draws as clusters do as well as k-means++. */
const ROUNDS = 5;
const OVERSAMPLING = 0.5;

/** Squared distances below this share of the vectors' own squares are float32 rounding. */
const ROUNDING = 1e-6;

/** Draws a round, and candidates altogether. */
export interface ParallelShape {
  draws: number;
  candidates: number;
}

/** The draws of k-means|| for a number of clusters. */
export function parallelShape(clusters: number): ParallelShape {
  const draws = Math.max(8, Math.ceil(OVERSAMPLING * clusters));
  return { draws, candidates: draws * Math.max(ROUNDS, Math.ceil(clusters / draws) + 1) };
}

/**
 * k-means|| (Bahmani et al., "Scalable k-means++", 2012, arXiv:1203.6402, algorithm 2): each round draws many points at once with
 * probability proportional to the squared distance to the candidates so far; the candidates, weighted by the points nearest to them, are
 * reduced by k-means++. A round draws a fixed number of points with replacement, where the paper tosses a coin for each point.
 */
export function createParallelSeeds(
  session: Session,
  points: Points,
  { clusters, shape, name }: { clusters: number; shape: ParallelShape; name: string },
): (rng: Rng, signal?: AbortSignal) => Promise<Float32Array> {
  const { draws, candidates } = shape;
  const { rows, size } = points;
  const layout = { groups: 1, width: draws, batch: Math.min(rows, 1), name: `${name}/rounds` };
  const scores = createGroupedScores(session, points, layout);
  const reduce = createPlusPlus(session, { rows: candidates, size, clusters, draws: 1, name: `${name}/reduce` });

  return async (rng, signal) => {
    let distances = new Float32Array(rows).fill(Number.POSITIVE_INFINITY);
    let nearest = new Int32Array(rows);
    const chosen = new Int32Array(candidates);
    for (let first = 0; first < candidates; first += draws) {
      // The first round has no distances to go by.
      const drawn = first === 0 ? new Int32Array(draws).map(() => rng.int(rows)) : drawWeighted(distances, draws, rng);
      chosen.set(drawn, first);
      await measure({ scores, points, distances, nearest, first }, vectorsOf(points, drawn), signal);
      distances = await ofAllProcesses(distances, points, scores.blockRows);
      signal?.throwIfAborted();
    }
    nearest = await ofAllProcesses(nearest, points, scores.blockRows);
    const weights = new Float32Array(candidates);
    for (const candidate of nearest) weights[candidate]++;
    const kept = await reduce(vectorsOf(points, chosen), rng, { weights, signal });
    return vectorsOf(
      points,
      kept.map((place) => chosen[place]),
    );
  };
}

/** Lowers the squared distances to the nearest candidate by those to the new ones. */
async function measure(
  state: { scores: GroupedScores; points: Points; distances: Float32Array; nearest: Int32Array; first: number },
  drawn: Float32Array,
  signal?: AbortSignal,
): Promise<void> {
  const { scores, points, distances, nearest, first } = state;
  const cosine = points.metric === 'cosine';
  const order = indicesUpTo(drawn.length / points.size);
  await scores.load(drawn, order);
  await scores.all(({ firstRow, maxima, columns, squares }) => {
    columns.forEach((column, i) => {
      const row = firstRow + i;
      const distance = cosine ? 2 - 2 * maxima[i] * points.factors[row] : squares[i] - 2 * maxima[i];
      const exact = distance > ROUNDING * (cosine ? 2 : squares[i]) ? distance : 0;
      if (exact >= distances[row]) return;
      distances[row] = exact;
      nearest[row] = first + column;
    });
  }, signal);
}
