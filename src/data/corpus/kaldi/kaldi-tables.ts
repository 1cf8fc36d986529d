import { existsSync } from 'node:fs';
import { UserError } from '../../../errors.js';
import { readLines } from '../../../io/lines.js';
import { createNameTable, type NameTable } from '../../name-table.js';
import { genderOf } from '../official/speaker-facts.js';

/** Receives a sentence on what of a table was left out. */
export type Warn = (warning: string) => void;

/** Lines `key value...` with their numbers. @throws UserError with the line number for a line without a value */
export function* entries(path: string): Generator<[number, string, string]> {
  let number = 0;
  for (const line of readLines(path)) {
    number++;
    if (line.trim() === '') continue;
    const match = /^\s*(\S+)\s+(.*\S)\s*$/.exec(line);
    if (!match)
      throw new UserError(`${path}:${number}: expected a name and a value, got ${JSON.stringify(line.slice(0, 80))}.`);
    yield [number, match[1], match[2]];
  }
}

/** `entries` whose value is one word. */
function* pairs(path: string): Generator<[number, string, string]> {
  for (const [number, key, value] of entries(path)) {
    if (/\s/.test(value))
      throw new UserError(
        `${path}:${number}: expected two words, got ${JSON.stringify(`${key} ${value}`.slice(0, 80))}.`,
      );
    yield [number, key, value];
  }
}

const contradiction = (path: string, line: number, key: string, values: [string, string]) =>
  new UserError(
    `${path}:${line}: ${key} has the value ${values[1]} here and ${values[0]} on an earlier line. Keep one.`,
  );

/**
 * The values of a table that may be missing, by the number of an utterance. Lines of utterances that are not there, and utterances
 * without a line, are told in a warning.
 * @throws UserError with the line number for a broken line, or one that contradicts an earlier one; for a table of other utterances only
 */
export function readColumn(path: string, names: NameTable, warn: Warn): (utterance: number) => string | null {
  if (!existsSync(path)) return () => null;
  const values = createNameTable();
  const column = new Int32Array(names.size).fill(-1);
  const strangers: string[] = [];
  let strange = 0;
  let known = 0;
  for (const [number, key, value] of pairs(path)) {
    const utterance = names.find(key);
    if (utterance < 0) {
      if (strange++ === 0) strangers.push(key);
      continue;
    }
    const before = column[utterance];
    if (before < 0) known++;
    else if (values.at(before) !== value) throw contradiction(path, number, key, [values.at(before), value]);
    column[utterance] = values.add(value);
  }
  report(path, { names, known, strange, stranger: strangers[0], first: column.indexOf(-1) }, warn);
  return (utterance) => (column[utterance] < 0 ? null : values.at(column[utterance]));
}

interface Matches {
  names: NameTable;
  /** Utterances that have a value. */
  known: number;
  /** Lines of other utterances, and the first of their names. */
  strange: number;
  stranger: string | undefined;
  /** The first utterance without a value, or -1. */
  first: number;
}

function report(path: string, { names, known, strange, stranger, first }: Matches, warn: Warn): void {
  if (known === 0)
    throw new UserError(
      `${path} names none of the ${names.size} utterances: it begins with ${stranger ?? 'nothing'}, and the utterances with ` +
        `${names.at(0)}. Give both the same names, or remove the file.`,
    );
  if (first >= 0)
    warn(
      `${path}: ${names.size - known} of ${names.size} utterances have no line, the first of them ${names.at(first)}.`,
    );
  if (strange > 0) warn(`${path}: ${strange} lines name utterances that are not there, the first of them ${stranger}.`);
}

/** Genders by speaker of a spk2gender, which may be missing. @throws UserError with the line number for a broken or contradicting line */
export function readGenders(path: string): Map<string, string> {
  const genders = new Map<string, string>();
  if (!existsSync(path)) return genders;
  for (const [number, speaker, value] of pairs(path)) {
    if (genderOf(value) === null && !UNKNOWN.test(value))
      throw new UserError(`${path}:${number}: a gender is f, m or unknown, and not ${JSON.stringify(value)}.`);
    const before = genders.get(speaker);
    if (before !== undefined && before !== value) throw contradiction(path, number, speaker, [before, value]);
    genders.set(speaker, value);
  }
  return genders;
}

const UNKNOWN = /^(?:u|unknown|-|n\/?a|<na>|o|other)$/i;
