import type { Command, Option } from 'commander';

// Parsers of option values. A wrong value is reported by commander, which names the option and the value and exits with 2.

/** The error that commander expects of a parser, made without importing commander at run time. */
export function invalid(expected: string): Error {
  return Object.assign(new Error(`It must be ${expected}.`), { code: 'commander.invalidArgument' });
}

/** A whole number of at least `least`, and at most `most`. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return decimal(`a whole number ${range}`, (value) => Number.isSafeInteger(value) && value >= least && value <= most);
}

/** A finite number that `accepts` lets pass; `expected` says which: `a number of seconds above 0`. */
export function decimal(expected: string, accepts: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && accepts(value)) return value;
    throw invalid(expected);
  };
}

/** A number from `low` to `high`, both included. */
export const decimalBetween = (expected: string, low: number, high: number) =>
  decimal(expected, (value) => value >= low && value <= high);

/** A length in seconds, above 0. */
export const seconds = decimal('a number of seconds above 0', (value) => value > 0);

/** Names separated by commas, without empty ones. */
export const commaSeparated = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** An option that may be repeated: each value is parsed and joins those before it. */
export const repeated =
  <T>(parse: (text: string) => T) =>
  (text: string, earlier: T[] = []): T[] => [...earlier, parse(text)];

/** A repeatable option whose values stay as they are. */
export const collect = repeated((text) => text);

/** An option that takes one of `choices`; help lists them. */
export function choice(
  command: Command,
  flags: string,
  description: string,
  choices: readonly string[],
  fallback?: string,
): Option {
  const option = command.createOption(flags, description).choices(choices);
  return fallback === undefined ? option : option.default(fallback);
}
