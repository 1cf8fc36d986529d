import type { z } from 'zod';
import { didYouMean, didYouMeanOrKnown } from './suggest.js';

export type Issue = z.core.$ZodIssue;

const typeNames: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'empty',
};

/** The second half of a sentence about a wrong value: `must be a number, but is "fast"`. */
export function describeIssue(issue: Issue, value: unknown): string {
  if (issue.code === 'custom') return issue.message;
  if (value === undefined) return 'is missing';
  const demand = demandOf(issue);
  const isOfLength = issue.code === 'too_small' || issue.code === 'too_big';
  const found = isOfLength && Array.isArray(value) ? `has ${value.length}` : `is ${shown(value)}`;
  return `must ${demand}, but ${found}${suggestion(issue, value)}`;
}

function demandOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `be ${either(issue.values.map((value) => shown(value)))}`;
    case 'too_small':
      return `${limit(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum, issue.exact)}`;
    case 'too_big':
      return `${limit(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum, issue.exact)}`;
    case 'not_multiple_of':
      return `be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return unionDemand(issue);
    default:
      return issue.message.replace(/^Invalid \w+: must /, '');
  }
}

function limit(origin: string, comparison: string, bound: number | bigint, exact = false): string {
  const amount = exact ? `exactly ${bound}` : `${comparison} ${bound}`;
  const plural = Number(bound) !== 1;
  if (origin === 'string') return `have ${amount} character${plural ? 's' : ''}`;
  return origin === 'array' ? `have ${amount} ${plural ? 'entries' : 'entry'}` : `be ${amount}`;
}

function unionDemand(issue: z.core.$ZodIssueInvalidUnion): string {
  const demands = issue.errors.flatMap(([first]) => (first?.path.length === 0 ? [demandOf(first)] : []));
  const choices = [...new Set(demands.map((demand) => demand.replace(/^be /, '')))];
  return choices.length > 0 ? `be ${either(choices)}` : 'have another form';
}

function either(choices: string[]): string {
  return choices.length < 2 ? (choices[0] ?? 'nothing') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

function suggestion(issue: Issue, value: unknown): string {
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return '';
  return didYouMean(value, issue.values.map(String));
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : JSON.stringify(value);
}

/** `unknown key 'methud' in stage 'pretrain'; did you mean 'method'?` */
export function describeUnknownKey(key: string, place: string, known: readonly string[]): string {
  return `unknown key '${key}' in ${place}${didYouMeanOrKnown(key, known)}`;
}
