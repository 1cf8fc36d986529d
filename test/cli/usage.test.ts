import { writeFileSync } from 'node:fs';
import test from 'ava';
import { Command, CommanderError } from 'commander';
import { dashAdvice, helpArguments } from '../../src/cli/usage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

function program(): Command {
  const made = new Command('voxloop');
  made.command('run').argument('<config>');
  made.command('corpus').command('dir');
  return made;
}

test('help goes as deep as the commands do; an unknown name is left to be refused', (t) => {
  const cases: [string, string][] = [
    ['help', '--help'],
    ['help corpus', 'corpus --help'],
    ['help corpus dir', 'corpus dir --help'],
    ['help run mine.yaml', 'run --help'],
    ['help rn', 'rn'],
    ['help corpus dri', 'corpus dri'],
    ['run help', 'run help'],
    ['--version', '--version'],
  ];
  for (const [typed, meant] of cases) t.is(helpArguments(program(), typed.split(' ')).join(' '), meant, typed);
});

test.serial('a file whose name was taken for an option is told how to be named, another option is not', (t) => {
  const [before, folder] = [process.cwd(), temporaryFolder(t)];
  t.teardown(() => process.chdir(before));
  process.chdir(folder);
  writeFileSync('-a.wav', '');
  const unknown = (name: string) => new CommanderError(1, 'commander.unknownOption', `error: unknown option '${name}'`);
  t.is(
    dashAdvice(unknown('-a.wav')),
    'There is a file -a.wav: write ./-a.wav for it, or -- before the names of files.',
  );
  t.is(dashAdvice(unknown('--modle')), undefined);
  t.is(dashAdvice(new CommanderError(1, 'commander.missingArgument', "missing '-a.wav'")), undefined);
});
