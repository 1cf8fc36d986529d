import test from 'ava';
import { Command, CommanderError } from 'commander';
import {
  choice,
  collect,
  commaSeparated,
  decimalBetween,
  repeated,
  seconds,
  wholeNumber,
} from '../../../src/cli/options/values.js';

function parse(parser: (text: string) => unknown, text: string): unknown {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  program.option('--x <value>', '', parser).parse(['--x', text], { from: 'user' });
  return program.opts().x;
}

test('values that fit are numbers and lists', (t) => {
  t.is(parse(wholeNumber(0), '12'), 12);
  t.is(parse(wholeNumber(0, 12), '12'), 12);
  t.is(parse(seconds, '1.5'), 1.5);
  t.is(parse(decimalBetween('a cosine from -1 to 1', -1, 1), '-1'), -1);
  t.deepEqual(parse(commaSeparated, 'a, b,,c'), ['a', 'b', 'c']);
});

for (const [parser, text, expected] of [
  [wholeNumber(1), '0', 'a whole number of at least 1'],
  [wholeNumber(0, 65_535), '65536', 'a whole number from 0 to 65535'],
  [wholeNumber(1), '1.5', 'a whole number of at least 1'],
  [wholeNumber(0), ' ', 'a whole number of at least 0'],
  [seconds, '0', 'a number of seconds above 0'],
  [seconds, 'Infinity', 'a number of seconds above 0'],
  [decimalBetween('a cosine from -1 to 1', -1, 1), 'x', 'a cosine from -1 to 1'],
] as const) {
  test(`'${text}' is not ${expected}: the message names option, value and what is expected`, (t) => {
    const error = t.throws(() => parse(parser, text), { instanceOf: CommanderError });
    t.is(error?.message, `error: option '--x <value>' argument '${text}' is invalid. It must be ${expected}.`);
  });
}

test('options that may be repeated collect their values in order', (t) => {
  const program = new Command().option('--a <text>', '', collect, []).option('--b <n>', '', repeated(Number));
  program.parse(['--a', 'x', '--b', '1', '--a', 'y', '--b', '2'], { from: 'user' });
  t.deepEqual(program.opts(), { a: ['x', 'y'], b: [1, 2] });
});

test('a choice has a default only where one is named', (t) => {
  const program = new Command();
  program
    .addOption(choice(program, '--one <x>', '', ['a', 'b'], 'b'))
    .addOption(choice(program, '--two <x>', '', ['a']));
  program.parse([], { from: 'user' });
  t.deepEqual(program.opts(), { one: 'b' });
});
