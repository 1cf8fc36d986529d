import { createNameTable } from '../../data/name-table.js';
import { UserError } from '../../errors.js';
import { sortFloats } from '../detection/radix-sort.js';
import { growing } from './growing.js';
import { parseTrialLines, readable, type ScoreReading, sourceName, streamOf } from './scores-file.js';

/** Scored trials with their utterances, in the order of the lines. 17 bytes a trial. */
export interface NamedScores {
  /** [trials] */
  scores: Float64Array;
  /** [trials] 1 for a target trial. */
  isTarget: Uint8Array;
  /** [trials] utterance on either side, as an index of `names`. */
  enrolments: Int32Array;
  tests: Int32Array;
  names: string[];
}

/** Trials that occur in a list more than once. */
export interface RepeatedTrials {
  /** Lines that repeat an earlier one. */
  count: number;
  /** The first few, as "ENROL TEST". */
  examples: string[];
}

const SHOWN = 10;

/**
 * Reads a file of scores with the names of both utterances; see readScores.
 * @throws UserError also when the lines hold no names, or a trial is listed both as target and as nontarget
 */
export async function readNamedScores(
  path: string,
  reading: ScoreReading = {},
): Promise<NamedScores & { repeated: RepeatedTrials }> {
  const name = sourceName(path);
  const scores = growing((length) => new Float64Array(length));
  const isTarget = growing((length) => new Uint8Array(length));
  const [enrolments, tests] = [0, 1].map(() => growing((length) => new Int32Array(length)));
  const table = createNameTable();
  const columns = await readable(name, () =>
    parseTrialLines(streamOf(path), {
      name,
      ...reading,
      take(score, target, bytes, enrolStart, enrolEnd, testStart, testEnd) {
        scores.push(score);
        isTarget.push(target);
        enrolments.push(table.addBytes(bytes, enrolStart, enrolEnd));
        tests.push(table.addBytes(bytes, testStart, testEnd));
      },
    }),
  );
  if (columns && !(columns.includes('enrol') && columns.includes('test'))) {
    throw new UserError(
      `${name} holds no names of utterances, which intervals and groups need. Write lines "ENROL TEST target|nontarget SCORE".`,
    );
  }
  const named = {
    scores: scores.join(),
    isTarget: isTarget.join(),
    enrolments: enrolments.join(),
    tests: tests.join(),
    names: [...table],
  };
  return { ...named, repeated: findRepeated(named, name) };
}

/**
 * Finds trials of the same two utterances on the same sides. Scores do not matter.
 * @throws UserError when such a trial is a target and a nontarget
 */
export function findRepeated(
  { isTarget, enrolments, tests, names }: Omit<NamedScores, 'scores'>,
  source: string,
): RepeatedTrials {
  // Whole numbers well below 2^53 for millions of utterances; target and nontarget are neighbours.
  const keys = Float64Array.from(isTarget, (target, i) => 2 * (enrolments[i] * names.length + tests[i]) + target);
  sortFloats(keys);
  const trialOf = (key: number) => {
    const pair = Math.floor(key / 2);
    return `${names[Math.floor(pair / names.length)]} ${names[pair % names.length]}`;
  };
  const repeated: number[] = [];
  const contradictory: number[] = [];
  let [count, contradictions] = [0, 0];
  for (let i = 1; i < keys.length; i++) {
    if (Math.floor(keys[i] / 2) !== Math.floor(keys[i - 1] / 2)) continue;
    if (keys[i] !== keys[i - 1]) {
      contradictions++;
      if (contradictory.length < SHOWN) contradictory.push(keys[i]);
    }
    count++;
    if (repeated.length < SHOWN) repeated.push(keys[i]);
  }
  if (contradictions > 0) {
    throw new UserError(
      `${source} holds ${contradictions} trial${contradictions > 1 ? 's' : ''} both as target and as nontarget: ` +
        `${contradictory.map(trialOf).join('; ')}${contradictions > SHOWN ? '; ...' : ''}. Correct the labels.`,
    );
  }
  return { count, examples: repeated.map(trialOf) };
}
