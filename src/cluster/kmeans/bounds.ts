import { factorOf, type Points } from '../points.js';

/** Rounding of a float32 product: a share of |y|^2 + |c|^2 that its squared distance may be off by. */
const SLACK = 1e-5;
/** More than a float32 loses when it is stored. */
const STORED = 1.2e-7;

/** For each row a distance that its own centre is at most away, and for each group one that its other centres are at least away. */
export interface Bounds {
  /** [rows] the cluster that the bounds hold for. */
  own: Int32Array;
  /** Sets the centres [clusters, size] that scores and distances are of from now on. */
  begin(centers: Float32Array): void;
  /** The least and the largest distance that a score y c - |c|^2 / 2 may stand for, for a row with |y|^2 = square. */
  least(row: number, score: number, square: number): number;
  most(row: number, score: number, square: number): number;
  /** Sets all bounds of a row. */
  set(row: number, own: number, upper: number): void;
  setLower(row: number, group: number, lower: number): void;
  /** Works a group's best centre into a row's bounds, with the least distances of it and of the others; returns the row's nearest so far. */
  refine(row: number, group: number, center: number, first: number, others: number): number;
  /** After centres moved: writes the groups that may hold a row's nearest centre as bits [rows]; returns how many there are. */
  candidates(previous: Float32Array, labels: Int32Array, bits: Uint8Array): number;
}

/**
 * Bounds by the triangle inequality, one for each group of centres (Ding et al. 2015, "Yinyang k-means"), widened by what float32
 * products may be off: what they rule out cannot be nearer. Takes 4 bytes a row and group and 8 bytes a row.
 * @param groupOf [clusters]
 */
export function createBounds(points: Points, groupOf: Int32Array, groups: number): Bounds {
  const { rows, size, values, shift, metric } = points;
  const lower = new Float32Array(rows * groups);
  const upper = new Float32Array(rows);
  const own = new Int32Array(rows).fill(-1);
  let centers: Float32Array = new Float32Array(0);
  let largest = 0;

  /** In float64, straight from the numbers. */
  function exactDistance(row: number, cluster: number): number {
    const factor = factorOf(points, row);
    let [sum, from, to] = [0, row * size, cluster * size];
    for (let j = 0; j < size; j++) sum += (values[from++] * factor - shift[j] - centers[to++]) ** 2;
    return Math.sqrt(sum);
  }

  const cosine = metric === 'cosine';
  const slackOf = (square: number) => SLACK * ((cosine ? 1 : square) + largest);
  const squared = (row: number, score: number, square: number) =>
    cosine ? 2 - 2 * score * points.factors[row] : square - 2 * score;

  return {
    own,
    begin(given) {
      centers = given;
      largest = cosine ? 1 : largestSquare(centers, size);
    },
    least: (row, score, square) => Math.sqrt(Math.max(0, squared(row, score, square) - slackOf(square))),
    most: (row, score, square) => Math.sqrt(Math.max(0, squared(row, score, square)) + slackOf(square)),
    set(row, label, most) {
      own[row] = label;
      upper[row] = most * (1 + STORED);
    },
    setLower(row, group, least) {
      lower[row * groups + group] = least * (1 - STORED);
    },
    refine(row, group, center, first, others) {
      const at = row * groups + group;
      if (center !== own[row]) {
        const exact = first < upper[row] ? exactDistance(row, center) * (1 + STORED) : Number.POSITIVE_INFINITY;
        if (exact >= upper[row]) {
          lower[at] = first * (1 - STORED);
          return own[row];
        }
        // The centre that is left, whose distance `upper` is, is now one of its group's others.
        const left = row * groups + groupOf[own[row]];
        lower[left] = Math.min(lower[left], upper[row] * (1 - 4 * STORED));
        own[row] = center;
        upper[row] = exact;
      }
      lower[at] = others * (1 - STORED);
      return center;
    },
    candidates(previous, labels, bits) {
      const moves = movesOf(previous, centers, size);
      const most = new Float64Array(groups);
      moves.forEach((move, cluster) => {
        most[groupOf[cluster]] = Math.max(most[groupOf[cluster]], move);
      });
      let count = 0;
      for (let row = 0, at = 0; row < rows; row++, at += groups) {
        // A mended cluster took this row: nothing is known about it.
        const known = own[row] === labels[row];
        if (!known) {
          lower.fill(0, at, at + groups);
          own[row] = labels[row];
        }
        let limit = known ? upper[row] * (1 + STORED) + moves[own[row]] : Number.POSITIVE_INFINITY;
        let needed = false;
        for (let group = 0; group < groups; group++) {
          const least = lower[at + group] * (1 - STORED) - most[group];
          lower[at + group] = least;
          if (least < limit) needed = true;
        }
        bits[row] = 0;
        if (needed) {
          limit = exactDistance(row, own[row]) * (1 + STORED);
          for (let group = 0; group < groups; group++) {
            if (lower[at + group] >= limit) continue;
            bits[row] |= 1 << group;
            count++;
          }
        }
        upper[row] = limit;
      }
      return count;
    },
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

/** How far each centre moved, rounded up. */
function movesOf(previous: Float32Array, centers: Float32Array, size: number): Float64Array {
  return new Float64Array(centers.length / size).map((_, cluster) => {
    let sum = 0;
    for (let at = cluster * size; at < (cluster + 1) * size; at++) sum += (centers[at] - previous[at]) ** 2;
    return Math.sqrt(sum) * (1 + STORED);
  });
}
