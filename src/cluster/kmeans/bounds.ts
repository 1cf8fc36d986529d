import { squaredRowDistance } from '../../rows.js';
import { factorOf, type Points } from '../points.js';

/** Rounding of a float32 product: its squared distance may be off by this share of |y|^2 + |c|^2. */
const SLACK = 1e-5;
/** More than a float32 loses when it is stored. */
const STORED = 1.2e-7;

/** The nearest centre that a pass over one group found for a row. */
export interface GroupMinimum {
  center: number;
  /** At least this far away. */
  distance: number;
  /** All other centres of the group are at least this far away. */
  othersDistance: number;
}

/**
 * Yinyang's bounds of the distances between points and centres: for each point x the centre b(x) it is assigned to and
 * u(x) >= |x - b(x)|, and for each group G of centres l(x, G) <= |x - c| for all c in G other than b(x).
 */
export interface Bounds {
  /** Sets the centres [clusters, size] that scores and distances refer to from now on. */
  begin(centers: Float32Array): void;
  /** The least and the largest distance that a score y c - |c|^2 / 2 may stand for, for a row with |y|^2 = square. */
  least(row: number, score: number, square: number): number;
  most(row: number, score: number, square: number): number;
  /** Sets b(x) and u(x) of a row. */
  setUpper(row: number, center: number, upper: number): void;
  /** Sets l(x, G). */
  setLower(row: number, group: number, lower: number): void;
  /** Updates the bounds of a row by the nearest centre of a group; returns b(x). */
  refine(row: number, group: number, minimum: GroupMinimum): number;
  /**
   * After the centres moved from `previous`: the groups that may hold a row's nearest centre.
   * @param labels [rows] the clusters so far
   * @param bits [rows] is overwritten: bit G stands for group G
   * @param isAsked says which rows are looked at; the others get no bits
   * @returns how many bits are set
   */
  candidates(previous: Float32Array, labels: Int32Array, bits: Uint8Array, isAsked?: (row: number) => boolean): number;
}

/**
 * The bounds of Yinyang k-means (Ding et al., "Yinyang K-Means: A Drop-In Replacement of the Classic K-Means with Consistent Speedup",
 * ICML 2015), which follow from the triangle inequality, widened by the rounding of float32 products, so that what they rule out
 * cannot be nearer. They take 4 bytes a row and group and 8 bytes a row.
 * @param groupOf [clusters]
 */
export function createBounds(points: Points, groupOf: Int32Array, groups: number): Bounds {
  const { rows } = points;
  const distances = createDistances(points);
  const state: State = {
    groupOf,
    groups,
    distances,
    b: new Int32Array(rows).fill(-1),
    u: new Float32Array(rows),
    l: new Float32Array(rows * groups),
  };
  return {
    begin: distances.begin,
    least: distances.least,
    most: distances.most,
    setUpper(row, center, upper) {
      state.b[row] = center;
      state.u[row] = upper * (1 + STORED);
    },
    setLower(row, group, lower) {
      state.l[row * groups + group] = lower * (1 - STORED);
    },
    refine: (row, group, minimum) => refine(state, row, group, minimum),
    candidates(previous, labels, bits, isAsked = () => true) {
      const moves = distances.movesFrom(previous);
      const groupMoves = new Float64Array(groups);
      moves.forEach((move, cluster) => {
        groupMoves[groupOf[cluster]] = Math.max(groupMoves[groupOf[cluster]], move);
      });
      let count = 0;
      for (let row = 0; row < rows; row++) {
        bits[row] = isAsked(row) ? openGroups(state, row, labels[row], { moves, groupMoves }) : 0;
        for (let rest = bits[row]; rest !== 0; rest &= rest - 1) count++;
      }
      return count;
    },
  };
}

/** b(x), u(x) and l(x, G) of all rows. */
interface State {
  groupOf: Int32Array;
  groups: number;
  distances: ReturnType<typeof createDistances>;
  /** [rows]; -1 before the first assignment. */
  b: Int32Array;
  /** [rows] */
  u: Float32Array;
  /** [rows, groups] */
  l: Float32Array;
}

function refine(state: State, row: number, group: number, minimum: GroupMinimum): number {
  const { groupOf, groups, distances, b, u, l } = state;
  const { center, distance, othersDistance } = minimum;
  let lower = othersDistance;
  if (center !== b[row]) {
    const exact = distance < u[row] ? distances.exact(row, center) * (1 + STORED) : Number.POSITIVE_INFINITY;
    if (exact < u[row]) {
      // The centre that is left, at most u(x) away, becomes one of its group's others.
      const left = row * groups + groupOf[b[row]];
      l[left] = Math.min(l[left], u[row] * (1 - 4 * STORED));
      b[row] = center;
      u[row] = exact;
    } else lower = distance;
  }
  l[row * groups + group] = lower * (1 - STORED);
  return b[row];
}

/** Moves the bounds of a row along with the centres; returns the groups with l(x, G) < u(x) as bits. */
function openGroups(
  { groups, distances, b, u, l }: State,
  row: number,
  label: number,
  { moves, groupMoves }: { moves: Float64Array; groupMoves: Float64Array },
): number {
  const first = row * groups;
  // Nothing is known of a row that was given to an empty cluster.
  const isKnown = b[row] === label;
  if (!isKnown) l.fill(0, first, first + groups);
  b[row] = label;
  let upper = isKnown ? u[row] * (1 + STORED) + moves[label] : Number.POSITIVE_INFINITY;
  let [isClose, bits] = [false, 0];
  for (let group = 0; group < groups; group++) {
    const lower = l[first + group] * (1 - STORED) - groupMoves[group];
    l[first + group] = lower;
    if (lower < upper) isClose = true;
  }
  if (isClose) {
    upper = distances.exact(row, label) * (1 + STORED);
    for (let group = 0; group < groups; group++) if (l[first + group] < upper) bits |= 1 << group;
  }
  u[row] = upper;
  return bits;
}

/** Distances of points to the centres of `begin`: exact, and as far as float32 scores tell them. */
function createDistances(points: Points) {
  const { size, values, shift, metric } = points;
  const isCosine = metric === 'cosine';
  let centers: Float32Array = new Float32Array(0);
  let largest = 0;
  const slackOf = (square: number) => SLACK * ((isCosine ? 1 : square) + largest);
  const squared = (row: number, score: number, square: number) =>
    isCosine ? 2 - 2 * score * points.factors[row] : square - 2 * score;

  return {
    begin(next: Float32Array): void {
      centers = next;
      largest = isCosine ? 1 : largestSquare(centers, size);
    },
    least: (row: number, score: number, square: number) =>
      Math.sqrt(Math.max(0, squared(row, score, square) - slackOf(square))),
    most: (row: number, score: number, square: number) =>
      Math.sqrt(Math.max(0, squared(row, score, square)) + slackOf(square)),
    /** In float64, from the values themselves. */
    exact(row: number, cluster: number): number {
      const factor = factorOf(points, row);
      let [sum, from, to] = [0, row * size, cluster * size];
      for (let j = 0; j < size; j++) sum += (values[from++] * factor - shift[j] - centers[to++]) ** 2;
      return Math.sqrt(sum);
    },
    /** [clusters] how far each centre moved, rounded up. */
    movesFrom: (previous: Float32Array): Float64Array =>
      new Float64Array(centers.length / size).map(
        (_, cluster) => Math.sqrt(squaredRowDistance(centers, cluster, previous, cluster, size)) * (1 + STORED),
      ),
  };
}

function largestSquare(centers: Float32Array, size: number): number {
  let most = 0;
  for (let at = 0; at < centers.length; ) {
    let sum = 0;
    for (const end = at + size; at < end; at++) sum += centers[at] * centers[at];
    most = Math.max(most, sum);
  }
  return most;
}
