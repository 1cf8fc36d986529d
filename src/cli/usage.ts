import { existsSync } from 'node:fs';
import type { Command, CommanderError } from 'commander';

/** Says behind every fault of usage where the help is, for a command and all below it. `name` is what is typed to call it. */
export function pointToHelp(command: Command, name = command.name()): void {
  const what = command.commands.length > 0 ? 'lists the commands' : 'has the arguments and options';
  command.showHelpAfterError(`\`${name} --help\` ${what}.`);
  for (const inner of command.commands) pointToHelp(inner, `${name} ${inner.name()}`);
}

/**
 * `help corpus dir` as `corpus dir --help`: Commander's own `help` knows one name only, and has no word for one that it does not know.
 * Such a name comes back without `--help`, so that Commander refuses it and says what may have been meant.
 */
export function helpArguments(program: Command, args: readonly string[]): readonly string[] {
  if (args[0] !== 'help') return args;
  let command = program;
  const names: string[] = [];
  for (const name of args.slice(1)) {
    if (command.commands.length === 0) break;
    names.push(name);
    const inner = command.commands.find((candidate) => candidate.name() === name);
    if (!inner) return names;
    command = inner;
  }
  return names.concat('--help');
}

/** How to name a file whose name was taken for an option; undefined where there is no such file. */
export function dashAdvice({ code, message }: CommanderError): string | undefined {
  const [, name] = /'(-.*)'/.exec(message) ?? [];
  if (code !== 'commander.unknownOption' || !name || !existsSync(name)) return undefined;
  return `There is a file ${name}: write ./${name} for it, or -- before the names of files.`;
}
