import type { Trial } from '../../data/trials.js';
import { UserError } from '../../errors.js';
import { createRng, type Rng } from '../../random.js';

/** At most this long is short. */
const SHORT_SECONDS = 6;

/** The lengths of the two sides, a third of the trials each. */
const BANDS = [
  ['short', 'short'],
  ['short', 'long'],
  ['long', 'long'],
] as const;
type Band = (typeof BANDS)[number][number];

export interface CalibrationTrialOptions {
  /**
   * [rows] the true or assumed speaker: speakers, clusters, or, for several crops of each recording, the recording. -1 leaves a row
   * out.
   */
  labels: ArrayLike<number>;
  /** [rows] where given, a third of the trials each is between two short recordings (6 s at most), a short and a long, two long. */
  seconds?: ArrayLike<number>;
  /** [rows] rows of one recording are never paired: they share more than the voice. Default: every row is a recording of its own. */
  recordings?: ArrayLike<number>;
  /** Trials wanted, half of them targets; fewer where there are not so many pairs. */
  count?: number;
  seed: number | string;
}

/**
 * Draws the trials that a calibration learns from out of training recordings, never from the trials that evaluate it. Speakers are
 * drawn uniformly; no pair occurs twice. Rows are named by their numbers.
 * @throws UserError when no target or no nontarget pair can be drawn
 */
export function calibrationTrials({
  labels,
  seconds,
  recordings,
  count = 30_000,
  seed,
}: CalibrationTrialOptions): Trial[] {
  const bandOf = (row: number): Band => (seconds && seconds[row] > SHORT_SECONDS ? 'long' : 'short');
  const speakers = groupRows(labels, bandOf);
  const rng = createRng(seed).fork('calibration-trials');
  const recordingOf = (row: number) => recordings?.[row] ?? row;
  const draws = BANDS.flatMap((bands) => [
    targetDraw(speakers, bands, recordingOf, rng),
    nontargetDraw(speakers, bands, rng),
  ]);
  const possible = (isTarget: boolean) => draws.filter((draw) => draw?.isTarget === isTarget) as Draw[];
  const [targets, nontargets] = [possible(true), possible(false)];
  if (targets.length === 0 || nontargets.length === 0) {
    const what = targets.length === 0 ? 'no speaker has two recordings' : 'there is one speaker only';
    throw new UserError(`Calibration trials cannot be drawn: ${what}. Use other labels, or leave the calibration out.`);
  }
  return [targets, nontargets].flatMap((kind) => drawAll(kind, Math.ceil(count / 2)));
}

/** Recordings of a speaker, by length. */
type Speaker = Record<Band, number[]>;

interface Draw {
  isTarget: boolean;
  pair(): [number, number];
}

function groupRows(labels: ArrayLike<number>, bandOf: (row: number) => Band): Speaker[] {
  const speakers = new Map<number, Speaker>();
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] < 0) continue;
    const speaker = speakers.get(labels[row]) ?? { short: [], long: [] };
    speaker[bandOf(row)].push(row);
    speakers.set(labels[row], speaker);
  }
  return [...speakers.values()];
}

function targetDraw(
  speakers: Speaker[],
  [a, b]: readonly [Band, Band],
  recordingOf: (row: number) => number,
  rng: Rng,
): Draw | null {
  const partners = (speaker: Speaker, row: number) =>
    speaker[b].filter((other) => recordingOf(other) !== recordingOf(row));
  const able = speakers.filter((speaker) => speaker[a].some((row) => partners(speaker, row).length > 0));
  if (able.length === 0) return null;
  return {
    isTarget: true,
    pair() {
      for (;;) {
        const speaker = pick(able, rng);
        const first = pick(speaker[a], rng);
        const others = partners(speaker, first);
        if (others.length > 0) return [first, pick(others, rng)];
      }
    },
  };
}

function nontargetDraw(speakers: Speaker[], [a, b]: readonly [Band, Band], rng: Rng): Draw | null {
  const having = (band: Band) => speakers.filter((speaker) => speaker[band].length > 0);
  const [first, second] = [having(a), having(b)];
  if (new Set([...first, ...second]).size < 2 || first.length === 0 || second.length === 0) return null;
  return {
    isTarget: false,
    pair() {
      for (;;) {
        const [enrolled, tested] = [pick(first, rng), pick(second, rng)];
        if (enrolled !== tested) return [pick(enrolled[a], rng), pick(tested[b], rng)];
      }
    },
  };
}

/** Takes pairs from each draw in turn, for a limited number of attempts: a draw may have few pairs left that are new. */
function drawAll(draws: Draw[], count: number): Trial[] {
  const seen = new Set<string>();
  const trials: Trial[] = [];
  for (let attempt = 0; trials.length < count && attempt < 4 * count; attempt++) {
    const { isTarget, pair } = draws[attempt % draws.length];
    const [a, b] = pair();
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    if (seen.has(key)) continue;
    seen.add(key);
    trials.push({ enrolment: String(a), test: String(b), target: isTarget });
  }
  return trials;
}

const pick = <T>(items: readonly T[], rng: Rng): T => items[rng.int(items.length)];
