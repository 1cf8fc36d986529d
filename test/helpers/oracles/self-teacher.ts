import { mean, type Rows } from './losses.js';
import { naiveBatchNorm } from './naive-batch-norm.js';

/** A self-teacher by plain loops in float64. A map is a list of rows, one a frame, utterance by utterance; all utterances have as many. */

/** The values of a variable, by its name below the scope. */
export type WeightOf = (name: string) => ArrayLike<number>;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const relu = (value: number): number => Math.max(value, 0);

/** Convolution of one frame, batch normalisation, rectifier. */
function pointwise(rows: Rows, weight: WeightOf, at: string): number[][] {
  const filter = weight(`${at}/conv/weight`);
  const channels = filter.length / rows[0].length;
  const mixed = rows.map((row) =>
    Array.from({ length: channels }, (_, c) => sum(row.map((value, i) => value * filter[i * channels + c]))),
  );
  const [scale, offset] = ['scale', 'offset'].map((name) => weight(`${at}/norm/${name}`));
  const flat = mixed.flat();
  const { y } = naiveBatchNorm(channels, flat, scale, offset, flat, 1e-5);
  return mixed.map((row, r) => row.map((_, c) => relu(y[r * channels + c])));
}

/** A convolution over three frames of each channel, zeros at both ends; then `pointwise`. */
function separable(rows: Rows, weight: WeightOf, at: string, frames: number): number[][] {
  const filter = weight(`${at}/depthwise/weight`);
  const channels = rows[0].length;
  const filtered = rows.map((row, r) =>
    row.map((_, c) =>
      sum(
        [-1, 0, 1].map((by) => {
          const frame = (r % frames) + by;
          return frame < 0 || frame >= frames ? 0 : filter[(by + 1) * channels + c] * rows[r + by][c];
        }),
      ),
    ),
  );
  return pointwise(filtered, weight, at);
}

function fused(maps: readonly Rows[], weight: WeightOf, at: string): number[][] {
  const weights = Array.from(weight(`${at}/fusion`), relu);
  return maps[0].map((row, r) =>
    row.map((_, c) => sum(maps.map((map, k) => weights[k] * map[r][c])) / (sum(weights) + 1e-4)),
  );
}

/** The refined maps T_1 to T_n of maps F_1 to F_n of `frames` frames, with the weights below a pyramid's scope. */
export function refinedMaps(maps: readonly Rows[], frames: number, weight: WeightOf): number[][][] {
  const last = maps.length - 1;
  const laterals = maps.map((map, i) => pointwise(map, weight, `lateral${i + 1}`));
  const resized = (map: number[][], i: number, at: string) =>
    map[0].length === laterals[i][0].length ? map : pointwise(map, weight, `${at}/resize`);
  const above = laterals.map((map) => map);
  for (let i = last - 1; i >= 0; i--) {
    const at = `top-down${i + 1}`;
    above[i] = separable(fused([laterals[i], resized(above[i + 1], i, at)], weight, at), weight, at, frames);
  }
  const refined = [above[0]];
  for (let i = 1; i <= last; i++) {
    const at = `bottom-up${i + 1}`;
    const own = i === last ? [laterals[i]] : [laterals[i], above[i]];
    refined.push(separable(fused(own.concat([resized(refined[i - 1], i, at)]), weight, at), weight, at, frames));
  }
  return refined;
}

/** Mean over utterances of the squared distance between the attention of two maps. */
export function attentionDistances(student: Rows, teacher: Rows, frames: number): number {
  const attention = (map: Rows, utterance: number): number[] => {
    const squares = map
      .slice(utterance * frames, (utterance + 1) * frames)
      .map((row) => mean(row.map((value) => value ** 2)));
    return squares.map((value) => value / Math.hypot(...squares));
  };
  const utterances = Array.from({ length: student.length / frames }, (_, i) => i);
  return mean(
    utterances.map((i) => {
      const other = attention(teacher, i);
      return sum(attention(student, i).map((value, frame) => (value - other[frame]) ** 2));
    }),
  );
}

/** Means, then deviations with Bessel's correction, over the frames of each utterance. */
export const pooledMoments = (map: Rows, frames: number): number[][] =>
  Array.from({ length: map.length / frames }, (_, i) => {
    const rows = map.slice(i * frames, (i + 1) * frames);
    const means = map[0].map((_, c) => mean(rows.map((row) => row[c])));
    const squares = means.map((value, c) => sum(rows.map((row) => (row[c] - value) ** 2)) / (frames - 1));
    return means.concat(squares.map((square) => Math.sqrt(square + 1e-7)));
  });
