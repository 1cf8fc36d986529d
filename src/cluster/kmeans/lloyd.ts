import type { Rng } from '../../random.js';
import { ofAllProcesses, type Points } from '../points.js';
import type { Assigner } from './assigner.js';
import { createClusterSums } from './cluster-sums.js';
import { mendEmptyClusters } from './mend.js';

/** The record of one iteration. */
export interface Iteration {
  iteration: number;
  /** Rows whose cluster changed, and empty clusters that were given a point. */
  changed: number;
  mended: number;
  /** Inertia about the centres that the rows were assigned to. */
  assigned: number;
  /** Of the new partition about its own means. */
  inertia: number;
}

export interface LloydOptions {
  /** At most this many. */
  iterations: number;
  rng: Rng;
  signal?: AbortSignal;
  onIteration?(iteration: Iteration): void;
}

/** Labels are those of the nearest centres; `inertia` belongs to both. */
export interface LloydResult {
  labels: Int32Array;
  centers: Float32Array;
  iterations: number;
  inertia: number;
}

/**
 * Lloyd's iterations (Lloyd, "Least squares quantization in PCM", 1982, doi:10.1109/TIT.1982.1056489: assign every point, move every centre
 * to its cluster's mean) from `start` [clusters, size], until no label changes, the inertia no longer falls or `iterations` are done.
 * Unless no label changed, a last assignment fits the labels to the centres that were moved last. Where processes share the points, each
 * assigns its own, and all add up all of them, in the same order: labels travel, not sums, and all processes hold the bits of one alone.
 */
export async function lloyd(
  points: Points,
  assigner: Assigner,
  start: Float32Array,
  options: LloydOptions,
): Promise<LloydResult> {
  const { signal, onIteration } = options;
  const sums = createClusterSums(points, start.length / points.size);
  let centers = start;

  async function assignAll(): Promise<number> {
    const labels = sums.labels.slice();
    const move = (row: number, to: number) => {
      labels[row] = to;
    };
    await assigner.assign(centers, labels, move, signal);
    const all = await ofAllProcesses(labels, points, assigner.blockRows);
    signal?.throwIfAborted();
    let changed = 0;
    all.forEach((label, row) => {
      if (label === sums.labels[row]) return;
      sums.move(row, label);
      changed++;
    });
    return changed;
  }

  const result = (iterations: number): LloydResult => {
    return { labels: sums.labels, centers, iterations, inertia: sums.inertia(centers) };
  };

  let [iteration, inertia, falls] = [0, Number.POSITIVE_INFINITY, true];
  while (falls && iteration < options.iterations) {
    const changed = await assignAll();
    iteration++;
    if (changed === 0) return result(iteration);
    const assigned = sums.inertia(centers);
    centers = sums.centers(centers);
    const mended = mendEmptyClusters(points, sums, centers, options.rng);
    if (mended > 0) centers = sums.centers(centers);
    const now = sums.inertia(centers);
    onIteration?.({ iteration, changed, mended, assigned, inertia: now });
    // Points between two centres may be moved to and fro by rounding.
    falls = now < inertia || mended > 0;
    inertia = now;
  }
  await assignAll();
  return result(iteration);
}
