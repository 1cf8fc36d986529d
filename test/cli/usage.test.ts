import { writeFileSync } from 'node:fs';
import test from 'ava';
import { Command, CommanderError } from 'commander';
import { dashAdvice, helpArguments } from '../../src/cli/usage.js';
import { runMain } from '../helpers/run-main.js';
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

test.serial('a misspelt option is told before the one that it leaves missing, in commands of any depth', async (t) => {
  for (const [typed, unknown, meant] of [
    ['verify anna a.wav --stroe voices', '--stroe', '--store'],
    ['corpus dir --root recs --uot corpus', '--uot', '--out'],
  ]) {
    const { code, stderr } = await runMain(typed.split(' '));
    t.is(code, 2);
    t.regex(stderr, new RegExp(`error: unknown option '${unknown}'\\n\\(Did you mean ${meant}\\?\\)`));
    t.notRegex(stderr, /required/);
  }
  t.regex((await runMain(['verify', 'anna', 'a.wav'])).stderr, /required option '--store <dir>' not specified/);
});
