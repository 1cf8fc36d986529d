import { existsSync } from 'node:fs';
import { checkTrials, readTrials, trialUtterances } from '../data/trials.js';
import { embedFiles } from '../embed/embed-files.js';
import { embedRecordings, type Recording } from '../embed/embed-recordings.js';
import { UserError } from '../errors.js';
import { scoreTrials } from '../eval/cosine-scoring.js';
import { type SortedScores, sortInPlace, sortScores } from '../eval/detection/sorted-scores.js';
import { readScores } from '../eval/score-files/scores-file.js';
import { pathBelow } from '../io/archive-place.js';
import { rowsOf } from '../rows.js';
import { directionOf } from './directions.js';
import { cosine, type SpeakerModel } from './speaker-model.js';

type Progress = (done: number, total: number) => void;
type Comparing = Pick<SpeakerModel, 'extractor' | 'mean'>;

/** Rounding takes a cosine at most this far beyond 1. */
const ROUNDING = 1e-4;
/** Comparisons of crops of different recordings, at most. */
const MOST_PAIRS = 1_000_000;

/** Cosines of labelled trials from a file of scores. @throws UserError for scores beyond [-1, 1], or of one kind only */
export async function scoresOfFile(path: string): Promise<SortedScores> {
  const scores = sortInPlace(await readScores(path, { advice: 'write them as SCORE 1|0' }), path);
  const low = Math.min(scores.targets[0], scores.nontargets[0]);
  const high = Math.max(scores.targets.at(-1)!, scores.nontargets.at(-1)!);
  if (low < -1 - ROUNDING || high > 1 + ROUNDING) {
    throw new UserError(
      `${path} holds scores from ${low} to ${high}; the speaker tools compare by cosine, from -1 to 1. ` +
        'Write plain cosines with `voxloop score --out`.',
    );
  }
  return scores;
}

/** A labelled trial list, and its recordings below a folder. @throws UserError for unknown recordings, all of them listed */
export function recordingsOfTrials(list: string, root: string) {
  const trials = readTrials(list);
  checkTrials(trials, (name) => existsSync(pathBelow(root, name)), list);
  return { trials, recordings: trialUtterances(trials).map((name) => ({ name, path: pathBelow(root, name) })) };
}

/** Cosines of a trial list, of recordings below a folder. @throws UserError for unknown recordings, all of them listed */
export async function scoresOfTrials(
  { extractor, mean }: Comparing,
  { list, root, progress }: { list: string; root: string; progress?: Progress },
): Promise<SortedScores> {
  const { trials, recordings } = recordingsOfTrials(list, root);
  const paths = recordings.map(({ path }) => path);
  const { vectors } = await embedFiles(paths, extractor, { skipBad: false, progress });
  const embeddings = new Map([...rowsOf(vectors, extractor.size)].map((row, i) => [recordings[i].name, row]));
  const scores = scoreTrials(embeddings, trials, { mean: mean ?? undefined });
  return sortScores(
    scores,
    trials.map(({ target }) => target),
    list,
  );
}

/**
 * Cosines without labels: the first crop of each recording against the last one of the same recording, and of others. Optimistic:
 * crops of one recording share its channel and wording, which recordings of one speaker need not. Undetected recordings of the
 * same speaker bias it the other way.
 * @throws UserError when fewer than two recordings are long enough for two crops that do not overlap
 */
export async function scoresOfCrops(
  { extractor, mean }: Comparing,
  { recordings, cropSeconds, progress }: { recordings: readonly Recording[]; cropSeconds: number; progress?: Progress },
): Promise<{ scores: SortedScores; used: number }> {
  // An endless hop leaves the first window and the last.
  const windows = { windowSeconds: cropSeconds, hopSeconds: Number.POSITIVE_INFINITY };
  const crops: { first: Float32Array; last: Float32Array }[] = [];
  for await (const outcome of embedRecordings(recordings, extractor, { windows, progress })) {
    if ('reason' in outcome || outcome.seconds < 2 * cropSeconds) continue;
    const [first, last] = outcome.parts.map(({ vector }) => directionOf(outcome.recording.path, vector, mean));
    crops.push({ first, last });
  }
  const used = crops.length;
  if (used < 2) {
    throw new UserError(
      `Only ${used} of ${recordings.length} recordings can be used and last ${2 * cropSeconds} s; two or more are needed, better ` +
        'hundreds. Give more recordings, or shorter crops.',
    );
  }
  const perRecording = Math.max(1, Math.min(used - 1, Math.floor(MOST_PAIRS / used)));
  const targets = Float64Array.from(crops, ({ first, last }) => cosine(first, last));
  const nontargets = new Float64Array(used * perRecording);
  for (let i = 0, at = 0; i < used; i++) {
    for (let k = 0; k < perRecording; k++) {
      // Spread over all others, and never the recording itself.
      const other = (i + 1 + Math.floor((k * (used - 1)) / perRecording)) % used;
      nontargets[at++] = cosine(crops[i].first, crops[other].last);
    }
  }
  return { scores: sortInPlace({ targets, nontargets }), used };
}
