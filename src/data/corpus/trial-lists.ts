import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { readLines } from '../../io/lines.js';
import type { Utterance } from '../manifest.js';
import { checkTrials, repeatedTrials, type Trial, writeTrials } from '../trials.js';
import type { BuildOptions } from './build-options.js';
import type { PlannedList } from './planned-corpus.js';

/** One list of a corpus in numbers. */
export interface ListFacts {
  trials: number;
  targets: number;
  /** Trials that name a recording which could not be used. */
  dropped: number;
  /** Trials that repeat an earlier one; they are kept. */
  repeated: number;
}

/** The path of a list's file in a corpus folder. */
export const listFile = (dir: string, name: string): string => join(dir, 'trials', `${name}.txt`);

/** The file of the models that several recordings enrol. */
export const enrolmentFile = (dir: string, name: string): string => join(dir, 'trials', `${name}.enrolments.txt`);

/**
 * Writes the lists of a corpus. Trials that name a recording which could not be decoded are dropped, with a warning; a model
 * loses such a recording, and its trials when none is left.
 * @throws UserError when no trial of a list is left
 */
export function writeLists(
  dir: string,
  lists: readonly PlannedList[],
  tests: readonly Utterance[],
  { log }: BuildOptions,
): Record<string, ListFacts> {
  const usable = new Set(tests.map(({ path }) => path));
  const facts: Record<string, ListFacts> = {};
  for (const { name, trials, enrolments } of lists) {
    const models = new Map<string, string[]>();
    for (const [model, paths] of enrolments ?? []) {
      const left = paths.filter((path) => usable.has(path));
      if (left.length > 0) models.set(model, left);
    }
    const kept = trials.filter(
      ({ enrolment, test }) => (models.has(enrolment) || usable.has(enrolment)) && usable.has(test),
    );
    if (kept.length === 0)
      throw new UserError(`No trial of the list ${name} is left: none of its recordings can be used.`);
    const dropped = trials.length - kept.length;
    const repeated = repeatedTrials(kept, `The list ${name}`);
    if (dropped > 0)
      log?.(
        `Warning: ${dropped} of ${trials.length} trials of ${name} name recordings that cannot be used; they are dropped.`,
      );
    if (repeated > 0) log?.(`Warning: ${repeated} of ${trials.length} trials of ${name} are repeated; they are kept.`);
    writeTrials(listFile(dir, name), kept);
    if (enrolments)
      writeFileAtomic(
        enrolmentFile(dir, name),
        [...models].map(([model, paths]) => `${model} ${paths.join(' ')}\n`).join(''),
      );
    facts[name] = { trials: kept.length, targets: kept.filter(({ target }) => target).length, dropped, repeated };
  }
  return facts;
}

/**
 * Reads the models of a list: lines `model recording recording ...`.
 * @throws UserError with the line number for a model without recordings, or one that occurs twice
 */
export function readEnrolments(path: string): Map<string, string[]> {
  const models = new Map<string, string[]>();
  let number = 0;
  for (const line of readLines(path)) {
    number++;
    if (line.trim() === '') continue;
    const [model, ...recordings] = line.trim().split(/\s+/);
    if (recordings.length === 0)
      throw new UserError(`${path}:${number}: the enrolment of ${model} names no recording.`);
    if (models.has(model))
      throw new UserError(`${path}:${number}: ${model} is enrolled twice. Put its recordings on one line.`);
    models.set(model, recordings);
  }
  return models;
}

/**
 * Trials in the names of the corpus: `pathOf` gives the recording, or model, that a name of the list stands for.
 * @throws UserError listing all names that stand for nothing
 */
export function translateTrials(
  trials: readonly Trial[],
  pathOf: (name: string) => string | undefined,
  list: string,
): Trial[] {
  checkTrials(trials, (name) => pathOf(name) !== undefined, list);
  return trials.map(({ enrolment, test, target }) => ({ enrolment: pathOf(enrolment)!, test: pathOf(test)!, target }));
}
