import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Command } from 'commander';
import { commands } from '../../src/cli/commands.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const filesOf = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
const pages = ['README.md', 'CONTRIBUTING.md', 'models/default/CARD.md', 'models/default/COMMANDS.md'].concat(
  filesOf('docs', '.md').filter((file) => !file.startsWith(join('docs', 'api'))),
  filesOf('configs', '.yaml'),
);

/** The words of a line of a shell, as far as its comment or the next command. */
const wordsOf = (line: string): string[] =>
  (line.split(/\s#\s|\s(?:&&|\||>)\s|[;)`]/)[0].match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) =>
    word.replace(/[.,:]$/, ''),
  );

/**
 * What follows `voxloop` where a page shows a command: in code that is set off, in backticks, and in the head of a recipe. The model
 * that comes with voxloop is called `voxloop voices` and a number.
 */
function* commandsOf(page: string): Generator<string> {
  const text = readFileSync(join(root, page), 'utf8').replace(/\\\n[\s#]*/g, '');
  for (const [, command] of text.matchAll(
    /^[ #]+(?:\w+=\S+ )*(?:npx |node bin\/)?voxloop(?:\.mjs)? (?!voices \d)([a-z].*)$/gm,
  ))
    yield command;
  for (const [, command] of text.matchAll(/`(?:npx )?voxloop (?!voices \d)([a-z][^`]*)`/g))
    yield command.replace(/\s*\n\s*/g, ' ');
}

const program = new Command('voxloop').option('--version').option('--help');
for (const register of commands) register(program);

/** What of a command line no command takes; undefined where it is right. */
function faultOf(line: string): string | undefined {
  let command = program;
  const words = wordsOf(line);
  while (command.commands.length > 0 && words.length > 0 && !words[0].startsWith('-')) {
    const [name] = words.shift()!.split('|');
    const inner = command.commands.find((candidate) => candidate.name() === name);
    if (!inner) return `there is no command ${name}`;
    command = inner;
  }
  for (const word of words) {
    const [flag] = word.split('=');
    if (!/^--[a-z]/.test(flag) || flag === '--help') continue;
    if (!command.options.some(({ long, short }) => long === flag || short === flag))
      return `${command.name()} has no ${flag}`;
  }
  return undefined;
}

test('commands that the pages and recipes show exist, with their options', (t) => {
  let seen = 0;
  for (const page of pages)
    for (const line of commandsOf(page)) {
      seen++;
      t.is(faultOf(line), undefined, `${page}: voxloop ${line}`);
    }
  t.true(seen > 150, `${seen} commands`);
});
