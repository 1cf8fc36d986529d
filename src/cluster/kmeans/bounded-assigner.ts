import type { Session } from '../../engine/session/session.js';
import { indicesUpTo } from '../../rows.js';
import { isOwnBlock, type Points } from '../points.js';
import type { Assigner } from './assigner.js';
import { type Bounds, createBounds } from './bounds.js';
import { groupCenters } from './center-groups.js';
import { createGroupedScores, type GroupedScores } from './group-scores.js';

/** Groups of centres: each takes 4 bytes a row. A row has at most this many bits of candidates. */
const GROUPS = 8;
/** Rows of a pass over one group; the memory that passes allocate grows with it. */
const BATCH = 256;
/** With more than this share of rows and groups to look at, one pass over everything is faster. */
const FULL_PASS_FROM = 0.4;

/** Sizes from which bounds save more than they cost. */
const LEAST_CLUSTERS = 512;
const LEAST_PRODUCTS = 2 ** 27;

/** True from the sizes on for which bounds are faster. */
export const boundsPay = (rows: number, clusters: number): boolean =>
  clusters >= LEAST_CLUSTERS && rows * clusters >= LEAST_PRODUCTS;

/**
 * The assigner of Yinyang k-means (see {@link createBounds}): a row is compared only with the groups of centres that the bounds of its
 * distances cannot rule out. The first iteration of a start moves the centres so far that bounds are made in the second. The result
 * differs from a plain pass only where two centres are equally far within float32.
 */
export function createBoundedAssigner(session: Session, points: Points, clusters: number, name: string): Assigner {
  const { rows, size } = points;
  const groups = Math.min(GROUPS, 2 ** Math.floor(Math.log2(clusters)));
  const width = Math.ceil(clusters / groups);
  const batch = Math.min(BATCH, rows);
  const scores = createGroupedScores(session, points, { groups, width, batch, name });
  const groupOf = new Int32Array(clusters);
  const firstOrder = indicesUpTo(groups * width).map((column) => (column < clusters ? column : -1));
  // Made when first needed: an assignment without iterations never needs them.
  let memory: { bounds: Bounds; bits: Uint8Array } | undefined;
  let [order, iteration, previous]: [Int32Array, number, Float32Array] = [firstOrder, 0, new Float32Array(0)];

  function regroup(centers: Float32Array): void {
    order = groupCenters(centers, size, groups);
    order.forEach((cluster, column) => {
      if (cluster >= 0) groupOf[cluster] = Math.floor(column / width);
    });
  }

  /** The share of groups that rows must be compared with, of all processes' rows: so all go on in the same way. */
  async function isMost(candidates: number): Promise<boolean> {
    const [all] = (await points.exchange?.sum(Int32Array.of(candidates))) ?? [candidates];
    return all > FULL_PASS_FROM * rows * groups;
  }
  const owns = (row: number) => isOwnBlock(points, Math.floor(row / scores.blockRows));

  return {
    blockRows: scores.blockRows,
    begin() {
      [order, iteration, previous] = [firstOrder, 0, new Float32Array(0)];
    },
    async assign(centers, labels, move, signal) {
      const settle = (row: number, to: number) => {
        if (labels[row] !== to) move(row, to);
      };
      iteration++;
      if (iteration === 2) regroup(centers);
      await scores.load(centers, order);
      if (iteration === 1) {
        return scores.all(({ firstRow, columns }) => {
          columns.forEach((column, i) => void settle(firstRow + i, column));
        }, signal);
      }
      memory ??= { bounds: createBounds(points, groupOf, groups), bits: new Uint8Array(rows) };
      const { bounds, bits } = memory;
      bounds.begin(centers);
      const isWhole = iteration === 2 || (await isMost(bounds.candidates(previous, labels, bits, owns)));
      previous = centers;
      const context = { groups, order, settle, signal };
      if (isWhole) await fullPass(scores, bounds, context);
      else await groupPasses(scores, bounds, { ...context, points, batch, bits });
    },
  };
}

interface PassContext {
  groups: number;
  /** [columns] the centre of each column; -1 for none. */
  order: Int32Array;
  settle(row: number, to: number): void;
  signal?: AbortSignal;
}

function fullPass(scores: GroupedScores, bounds: Bounds, context: PassContext): Promise<void> {
  const { groups, order, settle, signal } = context;
  const width = order.length / groups;
  return scores.all(({ firstRow, maxima, columns, seconds, squares }) => {
    columns.forEach((column, i) => {
      const row = firstRow + i;
      const best = Math.floor(column / width);
      for (let group = 0; group < groups; group++) {
        const score = group === best ? seconds[i] : maxima[i * groups + group];
        bounds.setLower(row, group, bounds.least(row, score, squares[i]));
      }
      bounds.setUpper(row, order[column], bounds.most(row, maxima[i * groups + best], squares[i]));
      settle(row, order[column]);
    });
  }, signal);
}

/** Rows wait in a queue for each group until they fill a batch. */
async function groupPasses(
  scores: GroupedScores,
  bounds: Bounds,
  context: PassContext & { points: Points; batch: number; bits: Uint8Array },
): Promise<void> {
  const { points, groups, batch, bits, order, settle, signal } = context;
  const { values, rows, size } = points;
  const queues = Array.from({ length: groups }, () => ({ rows: new Int32Array(batch), length: 0 }));
  // While one batch runs, the next is gathered.
  const buffers = [new Float32Array(batch * size), new Float32Array(batch * size)];
  let [flushed, running]: [number, Promise<void>] = [0, Promise.resolve()];

  async function flush(group: number): Promise<void> {
    const queue = queues[group];
    const waiting = queue.rows.slice(0, queue.length);
    queue.length = 0;
    const buffer = buffers[flushed++ % 2];
    waiting.forEach((row, i) => void buffer.set(values.subarray(row * size, (row + 1) * size), i * size));
    await running;
    signal?.throwIfAborted();
    running = scores.group(group, buffer).then(({ columns, firsts, seconds, squares }) => {
      waiting.forEach((row, i) => {
        const center = order[columns[i]];
        const distance = bounds.least(row, firsts[i], squares[i]);
        const othersDistance = bounds.least(row, seconds[i], squares[i]);
        settle(row, bounds.refine(row, group, { center, distance, othersDistance }));
      });
    });
    // A failure is thrown where `running` is awaited next.
    running.catch(() => {});
  }

  for (let row = 0; row < rows; row++) {
    for (let group = 0, left = bits[row]; left !== 0; group++, left >>= 1) {
      if ((left & 1) === 0) continue;
      const queue = queues[group];
      queue.rows[queue.length++] = row;
      if (queue.length === batch) await flush(group);
    }
  }
  for (let group = 0; group < groups; group++) if (queues[group].length > 0) await flush(group);
  await running;
}
