import { type BlindTrial, checkTrials } from '../../data/trials.js';
import { UserError } from '../../errors.js';
import { dot } from '../../rows.js';
import type { PairScorer } from './pair-scorer.js';

/** A trial list and the embeddings to score it with. */
export interface TrialInput {
  /** One vector by utterance, all of one length, any norm. */
  embeddings: ReadonlyMap<string, Float32Array>;
  /** Those of the enrolments, where another model made them in the same space. Default: `embeddings`. */
  enrolled?: ReadonlyMap<string, Float32Array>;
  trials: readonly BlindTrial[];
  /**
   * The utterances of each speaker model, for lists whose enrolments are models (as CN-Celeb's); an enrolment that is no model here
   * is an utterance.
   */
  enrolments?: ReadonlyMap<string, readonly string[]>;
}

/** The distinct models and test utterances of a trial list, and which of them are compared. */
export interface TrialPairs {
  models: { name: string; utterances: readonly string[] }[];
  tests: string[];
  /** [trials] the model, by number. */
  model: Int32Array;
  /** [trials] the test utterance, by number. */
  test: Int32Array;
}

/**
 * Numbers the models and test utterances of a list.
 * @throws UserError for utterances without an embedding (all in one message), models without an utterance, and embeddings of another
 *   length than `size` or not finite
 */
export function trialPairs(input: TrialInput, size?: number): TrialPairs {
  const { trials, enrolments = new Map() } = input;
  const models = new Map<string, number>();
  const tests = new Map<string, number>();
  const numberIn = (numbers: Map<string, number>, name: string) => {
    const known = numbers.get(name);
    if (known === undefined) numbers.set(name, numbers.size);
    return known ?? numbers.size - 1;
  };
  const model = Int32Array.from(trials, ({ enrolment }) => numberIn(models, enrolment));
  const test = Int32Array.from(trials, (trial) => numberIn(tests, trial.test));
  const pairs = {
    models: [...models.keys()].map((name) => ({ name, utterances: enrolments.get(name) ?? [name] })),
    tests: [...tests.keys()],
    model,
    test,
  };
  checkPairs(pairs, input, size);
  return pairs;
}

function checkPairs(
  { models, tests }: TrialPairs,
  { embeddings, enrolled }: Pick<TrialInput, 'embeddings' | 'enrolled'>,
  size?: number,
): void {
  const empty = models.find(({ utterances }) => utterances.length === 0);
  if (empty)
    throw new UserError(`The model ${empty.name} has no utterance. Enrol at least one, or leave its trials out.`);
  const utterances = models.flatMap((model) => model.utterances);
  const expected = size ?? embeddings.values().next().value?.length ?? 0;
  if (enrolled) {
    checkVectors(new Set(utterances), enrolled, expected);
    checkVectors(new Set(tests), embeddings, expected);
  } else checkVectors(new Set(utterances.concat(tests)), embeddings, expected);
}

function checkVectors(used: ReadonlySet<string>, embeddings: TrialInput['embeddings'], expected: number): void {
  checkTrials(
    [...used].map((name) => ({ enrolment: name, test: name })),
    (name) => embeddings.has(name),
  );
  for (const name of used) {
    const vector = embeddings.get(name)!;
    if (vector.length !== expected) {
      throw new UserError(`The embedding of ${name} has ${vector.length} dimensions where ${expected} are expected.`);
    }
    if (!vector.every(Number.isFinite)) {
      throw new UserError(`The embedding of ${name} is not finite. Check the recording, or leave its trials out.`);
    }
  }
}

/** The score of each trial; `enrolled` where another model, with a scorer of its own, made the enrolments. @returns [trials] */
export function scorePairs(
  scorer: PairScorer,
  pairs: TrialPairs,
  embeddings: TrialInput['embeddings'],
  enrolled: { scorer: PairScorer; embeddings: TrialInput['embeddings'] } = { scorer, embeddings },
): Float32Array {
  const modelRows = pairs.models.map(({ name, utterances }) =>
    enrolled.scorer.enrol(vectorsOf(utterances, enrolled.embeddings), name),
  );
  const testRows = pairs.tests.map((name) => scorer.test(embeddings.get(name)!, name));
  return Float32Array.from(pairs.model, (model, i) => dot(modelRows[model], testRows[pairs.test[i]]));
}

/** The embeddings of some utterances. */
export const vectorsOf = (utterances: readonly string[], embeddings: TrialInput['embeddings']): Float32Array[] =>
  utterances.map((name) => embeddings.get(name)!);
