import { UserError } from '../../errors.js';
import { type NpyArray, readNpy } from '../../io/npy.js';
import type { ScoreArray } from '../detection/radix-sort.js';

/** Scores and labels of trials, in one order. */
export interface LabelledScores {
  /** [trials] */
  scores: ScoreArray;
  /** [trials] 1 for a target trial, else 0 */
  isTarget: Uint8Array;
}

/**
 * Reads scores (float32 or float64) and labels (bool, an integer or float type; 1 for a target, 0 for a nontarget) from two .npy files
 * of one column each.
 * @throws UserError for other types or shapes, different lengths, or labels that are neither 0 nor 1
 */
export function readNpyScores(scoresPath: string, labelsPath: string): LabelledScores {
  const scores = readNpy(scoresPath);
  if (scores.dtype !== 'float32' && scores.dtype !== 'float64') {
    throw new UserError(
      `${scoresPath} holds ${scores.dtype}, and scores are float32 or float64. Convert them with astype.`,
    );
  }
  const labels = readNpy(labelsPath);
  const [count, labelCount] = [columnLength(scoresPath, scores), columnLength(labelsPath, labels)];
  if (count !== labelCount) {
    throw new UserError(
      `${scoresPath} holds ${count} scores and ${labelsPath} ${labelCount} labels. Give one label a score.`,
    );
  }
  return { scores: scores.data, isTarget: toLabels(labelsPath, labels) };
}

function columnLength(path: string, { shape }: NpyArray): number {
  const [rows, columns = 1] = shape;
  if (shape.length === 0 || shape.length > 2 || columns !== 1) {
    throw new UserError(
      `${path} has the shape (${shape.join(', ')}), and one value a trial is expected. Save it flat: x.ravel().`,
    );
  }
  return rows;
}

function toLabels(path: string, { dtype, data }: NpyArray): Uint8Array {
  // Labels of eight bytes are read by halves: one BigInt for each of millions takes long.
  const words = dtype === 'int64' ? new Int32Array(data.buffer, data.byteOffset, 2 * data.length) : data;
  const every = dtype === 'int64' ? 2 : 1;
  const labels = new Uint8Array(data.length);
  let wrong = 0;
  let firstWrong = -1;
  for (let i = 0; i < labels.length; i++) {
    const label = Number(words[every * i]);
    const fits = (label === 0 || label === 1) && (every === 1 || words[every * i + 1] === 0);
    if (!fits && wrong++ === 0) firstWrong = i;
    labels[i] = label;
  }
  if (wrong === 0) return labels;
  throw new UserError(
    `${path}: ${wrong} label${wrong > 1 ? 's are' : ' is'} neither 0 nor 1, first ${data[firstWrong]} at trial ${firstWrong} ` +
      '(counted from 0). Save labels as x.astype("uint8"), 1 for a target.',
  );
}
