import { UserError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { readLines } from '../io/lines.js';

/** Two utterances to compare, as lists of evaluations name them whose answers are kept back. */
export interface BlindTrial {
  enrolment: string;
  test: string;
}

/** One verification trial: do these two utterances come from the same speaker? */
export interface Trial extends BlindTrial {
  target: boolean;
}

const NAMES_SHOWN = 10;

/**
 * Parses a trial list: VoxCeleb lines `1|0 a b`, Kaldi lines `a b target|nontarget`, CN-Celeb lines `a b 1|0`, or a mix of them;
 * blank lines are skipped.
 * @param file the name that error messages show
 * @throws UserError with the file and line number for any other line, or for a list without trials
 */
export function parseTrials(text: string, file: string): Trial[] {
  return collectTrials(text.replace(/^\uFEFF/, '').split('\n'), file);
}

/** A trial list with answers, or one without any. */
export type TrialList = { isBlind: false; trials: Trial[] } | { isBlind: true; trials: BlindTrial[] };

const collectTrials = (lines: Iterable<string>, file: string): Trial[] => collect(lines, file, parseTrial, EXPECTED);

const EXPECTED = '"1|0 PATH_A PATH_B" or "ID_A ID_B target|nontarget"';

/** Trials that `parse` finds in lines. @throws UserError as `parseTrials` */
function collect<T extends BlindTrial>(
  lines: Iterable<string>,
  file: string,
  parse: (line: string) => T | undefined,
  expected: string,
): T[] {
  // One string per utterance, not one per mention: lists of millions of trials name a few thousand utterances.
  const names = new Map<string, string>();
  const intern = (name: string) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, name);
    return name;
  };
  const trials: T[] = [];
  let number = 0;
  for (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const trial = parse(line);
    if (!trial) {
      throw new UserError(`${file}:${number}: expected ${expected}, got ${quote(line)}.`);
    }
    trial.enrolment = intern(trial.enrolment);
    trial.test = intern(trial.test);
    trials.push(trial);
  }
  if (trials.length === 0) throw new UserError(`${file}: the list holds no trial.`);
  return trials;
}

function parseTrial(line: string): Trial | undefined {
  const [a, b, c, ...rest] = line.trim().split(/[ \t]+/);
  if (c === undefined || rest.length > 0) return undefined;
  if (c === 'target' || c === 'nontarget') return { enrolment: a, test: b, target: c === 'target' };
  if (a === '1' || a === '0') return { enrolment: b, test: c, target: a === '1' };
  if (c === '1' || c === '0') return { enrolment: a, test: b, target: c === '1' };
  return undefined;
}

function quote(line: string): string {
  const text = line.trimEnd();
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text);
}

function parseBlindTrial(line: string): BlindTrial | undefined {
  const [enrolment, test, ...rest] = line.trim().split(/[ \t]+/);
  return test === undefined || rest.length > 0 ? undefined : { enrolment, test };
}

/**
 * Reads a trial list, or one without answers: lines `PATH_A PATH_B`. The first line tells which it is.
 * @throws UserError when the file cannot be read, or with its number for a line of another form than the first
 */
export function readTrialList(path: string): TrialList {
  let first = '';
  for (const line of readLines(path)) {
    first = line.trim();
    if (first !== '') break;
  }
  if (!parseBlindTrial(first)) return { isBlind: false, trials: readTrials(path) };
  const expected = '"PATH_A PATH_B", as on the first line';
  return { isBlind: true, trials: collect(readLines(path), path, parseBlindTrial, expected) };
}

/** Reads a trial list from disk. @throws UserError when the file cannot be read or a line is broken */
export const readTrials = (path: string): Trial[] => collectTrials(readLines(path), path);

/** Writes trials as VoxCeleb lines `1|0 enrolment test`, whole or not at all. */
export function writeTrials(path: string, trials: readonly Trial[]): void {
  const broken = trials.flatMap((t) => [t.enrolment, t.test]).find((name) => name === '' || /\s/.test(name));
  if (broken !== undefined) {
    throw new UserError(
      `${path}: a trial list separates names by spaces, so it cannot hold ${JSON.stringify(broken)}.`,
    );
  }
  writeFileAtomic(path, trials.map((t) => `${t.target ? 1 : 0} ${t.enrolment} ${t.test}\n`).join(''));
}

/** The names of all utterances in the trials, each once, in order of first mention. */
export function trialUtterances(trials: readonly BlindTrial[]): string[] {
  const names = new Set<string>();
  for (const { enrolment, test } of trials) names.add(enrolment).add(test);
  return [...names];
}

/**
 * Checks that every utterance named by the trials is known.
 * @param list the trial list's name in the message
 * @throws one UserError for all unknown utterances: their number and the first ten names
 */
export function checkTrials(
  trials: readonly BlindTrial[],
  known: ReadonlySet<string> | ((utterance: string) => boolean),
  list = 'The trial list',
): void {
  const isKnown = typeof known === 'function' ? known : (name: string) => known.has(name);
  checkUtterances(trialUtterances(trials), isKnown, list);
}

/** Checks that every utterance that a list names is known; errors as `checkTrials`. */
export function checkUtterances(
  names: Iterable<string>,
  isKnown: (utterance: string) => boolean,
  list = 'The trial list',
): void {
  const unknown = [...new Set(names)].filter((name) => !isKnown(name));
  if (unknown.length === 0) return;
  const more = unknown.length > NAMES_SHOWN ? `, and ${unknown.length - NAMES_SHOWN} more` : '';
  throw new UserError(
    `${list} names ${unknown.length} utterance${unknown.length === 1 ? '' : 's'} that cannot be found: ` +
      `${unknown.slice(0, NAMES_SHOWN).join(', ')}${more}. Check that the list belongs to these recordings.`,
  );
}

/** Checks that a list has target and nontarget trials. @throws UserError with the number of each */
export function checkBothKinds(trials: readonly Trial[], list = 'The trial list'): void {
  const targets = trials.filter(({ target }) => target).length;
  if (targets > 0 && targets < trials.length) return;
  throw new UserError(
    `${list} holds ${targets} target and ${trials.length - targets} nontarget trials, and error rates need both kinds. ` +
      'Add trials of the missing kind.',
  );
}

/**
 * Number of trials that repeat an earlier one (both names and the answer the same). They are kept, because published figures count
 * them; report their number.
 * @param list the trial list's name in the message
 * @throws UserError when a pair is a target in one trial and a nontarget in another
 */
export function repeatedTrials(trials: readonly Trial[], list = 'The trial list'): number {
  const places = new Map(trialUtterances(trials).map((name, i) => [name, i]));
  const keys = Float64Array.from(trials, ({ enrolment, test, target }) => {
    return 2 * (places.get(enrolment)! * places.size + places.get(test)!) + (target ? 1 : 0);
  }).sort();
  let repeated = 0;
  let contradicted: number | undefined;
  for (let i = 1; i < keys.length; i++) {
    if (keys[i] === keys[i - 1]) repeated++;
    else if (Math.floor(keys[i] / 2) === Math.floor(keys[i - 1] / 2)) contradicted ??= Math.floor(keys[i] / 2);
  }
  if (contradicted === undefined) return repeated;
  const names = [...places.keys()];
  const pair = [names[Math.floor(contradicted / names.length)], names[contradicted % names.length]];
  throw new UserError(`${list} calls ${pair.join(' and ')} both target and nontarget. Correct one of the lines.`);
}
