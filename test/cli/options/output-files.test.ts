import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Command } from 'commander';
import { commands } from '../../../src/cli/commands.js';
import { guardInputs, outputOption } from '../../../src/cli/options/output-files.js';
import { UserError } from '../../../src/errors.js';
import { writeFileAtomic } from '../../../src/io/atomic.js';
import { forgetInputs } from '../../../src/io/inputs.js';
import { runMain } from '../../helpers/run-main.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

/** A command with an output and, forgotten, one that is not declared as such. */
function parsed(args: string[]): Command {
  const command = new Command('made').argument('[file]').option('--list <file>').option('--forgotten <file>');
  command.addOption(outputOption(command, '--out <file>', '')).addOption(outputOption(command, '--det <file>', ''));
  return command.parse(args, { from: 'user' });
}

test.serial('files that a command line names are inputs, but for its outputs', (t) => {
  const dir = temporaryFolder(t, { a: 'mine', b: 'mine', c: 'mine', d: 'mine' });
  t.teardown(forgetInputs);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => join(dir, name));
  guardInputs(parsed([a, '--list', b, '--forgotten', c, '--out', d]));
  for (const input of [a, b, c]) t.throws(() => writeFileAtomic(input, 'x'), { instanceOf: UserError });
  t.notThrows(() => writeFileAtomic(d, 'x'));
  for (const args of [
    [a, '--out', a],
    ['--list', b, '--det', b],
  ])
    t.throws(() => guardInputs(parsed(args)), { instanceOf: UserError, message: /will not be overwritten/ });
  t.throws(() => guardInputs(parsed(['--out', d, '--det', d])), { message: /--out and --det both name/ });
});

test.serial('a lone dash is standard output where a command prints, and refused where it writes a file', (t) => {
  t.teardown(forgetInputs);
  t.throws(() => guardInputs(parsed(['--out', '-'])), {
    instanceOf: UserError,
    message: /^--out -: .*\.\/- for a file of that name/,
  });
  const printing = new Command('made');
  printing.addOption(outputOption(printing, '--out <file>', '', { dash: 'print' }));
  t.notThrows(() => guardInputs(printing.parse(['--out', '-'], { from: 'user' })));
  const program = new Command();
  for (const register of commands) register(program);
  for (const name of ['embed', 'diarize']) {
    const command = program.commands.find((candidate) => candidate.name() === name)!;
    command.action(() => {});
    t.notThrows(() => guardInputs(command.parse(['a.wav', '--out', '-'], { from: 'user' })), name);
  }
});

test('the file that each command writes is declared as its output', (t) => {
  const program = new Command();
  for (const register of commands) register(program);
  const written: string[] = [];
  for (const command of program.commands) {
    for (const { long, flags, description } of command.options)
      if (/^(write|file to write|\.npy.*(to write|beside))/.test(description) && /<(file|path)>/.test(flags))
        written.push(`${command.name()} ${long}`);
    for (const name of command.options.filter(({ flags }) => /^--(\w+-)?out <(file|path)>/.test(flags)))
      t.true(written.includes(`${command.name()} ${name.long}`), `${command.name()} ${name.long}`);
  }
  t.deepEqual(written.sort(), [
    'cluster --centers-out',
    'cluster --out',
    'diarize --embeddings',
    'diarize --out',
    'embed --out',
    'embed --report',
    'export --out',
    'extract-target --out',
    'fbank --out',
    'metrics --det',
    'probe --report',
    'saliency --out',
    'score --out',
  ]);
});

test.serial('commands refuse to write over what they read, before they work', async (t) => {
  const dir = temporaryFolder(t, {
    'people.tsv': 'one\tsub/a.wav\n',
    'wav.scp': 'one sub/a.wav\n',
    'sub/a.wav': 'not read',
    'scores.txt': '1 0.5 a b\n',
  });
  const before = (name: string) => readFileSync(join(dir, name), 'utf8');
  const model = ['--model', 'missing'];
  for (const args of [
    ['embed', '--list', 'people.tsv', '--out', 'people.npy', ...model],
    ['embed', '--list', 'wav.scp', '--out', 'wav.ark', ...model],
    ['embed', '--list', 'people.tsv', '--out', 'sub/a.wav', ...model],
    ['embed', 'sub/a.wav', '--out', 'x.npy', '--report', 'sub/a.wav', ...model],
    ['fbank', 'sub/a.wav', '--out', './sub/a.wav'],
    ['diarize', 'sub/a.wav', '--out', 'sub/a.wav', ...model],
    ['metrics', 'scores.txt', '--det', 'scores.txt'],
    ['cluster', 'scores.txt', '--k', '2', '--out', 'scores.txt'],
    ['score', '--trials', 'scores.txt', '--root', '.', '--out', 'scores.txt', ...model],
  ]) {
    const { code, stderr } = await runMain(args, { cwd: dir });
    t.is(code, 2, args.join(' '));
    t.regex(stderr, /is an input of this command|written to \.npy/, args.join(' '));
  }
  t.deepEqual(['people.tsv', 'wav.scp', 'sub/a.wav', 'scores.txt'].map(before), [
    'one\tsub/a.wav\n',
    'one sub/a.wav\n',
    'not read',
    '1 0.5 a b\n',
  ]);
});
