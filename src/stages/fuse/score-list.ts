import { meanEmbedding, scoreTrials } from '../../eval/cosine-scoring.js';
import { eerOf } from '../../eval/detection/eer.js';
import { fuseScores } from '../../eval/score-fusion.js';
import { rowsOf } from '../../rows.js';
import type { FusedRows } from '../../train/fusion/fuser.js';
import type { TestList } from '../artifacts/corpus-data.js';
import type { FuseFigures } from './options.js';

/** The embeddings of a list's utterances, in the order of its paths. */
export interface ListVectors {
  rows: FusedRows;
  fused: { vectors: Float32Array; faceShares: Float32Array };
  /** Mean fused embedding of training. */
  fusedMean: Float32Array;
  faceWeight: number;
}

/** EERs of a list by the voice, the face, both scores and the fused embedding. */
export function scoreList(
  { trials, paths }: Pick<TestList, 'trials' | 'paths'>,
  { rows, fused, fusedMean, faceWeight }: ListVectors,
): FuseFigures {
  const { present } = rows;
  const byPath = (vectors: Float32Array) =>
    new Map(Array.from(rowsOf(vectors, vectors.length / present.length), (row, i) => [paths[i], row]));
  // Voices and faces have been centred already.
  const voice = scoreTrials(byPath(rows.voice), trials);
  const numbers = new Map(paths.map((path, i) => [path, i]));
  const isSeen = (path: string) => present[numbers.get(path)!] > 0;
  const seen = trials.map(({ enrolment, test }) => isSeen(enrolment) && isSeen(test));
  const seenTrials = trials.filter((_, i) => seen[i]);
  const faceScores = seenTrials.length > 0 ? scoreTrials(byPath(rows.face), seenTrials) : new Float32Array(0);
  let next = 0;
  const face = Float32Array.from(seen, (isThere) => (isThere ? faceScores[next++] : Number.NaN));
  const targets = trials.map(({ target }) => target);
  const seenTargets = seenTrials.map(({ target }) => target);
  const isScorable = new Set(seenTargets).size === 2;
  const shares = fused.faceShares.filter((_, i) => present[i] > 0);
  return {
    trials: trials.length,
    withFaces: seenTrials.length,
    voice: eerOf(voice, targets),
    face: isScorable ? eerOf(faceScores, seenTargets) : null,
    scores: eerOf(fuseScores(voice, face, faceWeight), targets),
    fused: eerOf(scoreTrials(byPath(fused.vectors), trials, { mean: fusedMean }), targets),
    faceShare: shares.length > 0 ? shares.reduce((sum, share) => sum + share, 0) / shares.length : null,
  };
}

/** The mean of fused training embeddings. */
export const fusedMean = (vectors: Float32Array, size: number): Float32Array => meanEmbedding(rowsOf(vectors, size));
