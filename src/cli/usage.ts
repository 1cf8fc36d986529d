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

/**
 * A misspelt option is told before an option that is missing, for it is often the same one; Commander tells them the other way round.
 * For a command and all below it.
 */
export function tellUnknownFirst(command: Command, args: readonly string[]): void {
  const fail = command.error.bind(command);
  command.error = (message, options) => {
    if (options?.code !== 'commander.missingMandatoryOptionValue') return fail(message, options);
    const [unknown] = command.parseOptions(args.slice(depthOf(command))).unknown;
    // Commander's own words, which suggest what may have been meant.
    return unknown?.startsWith('-')
      ? (command as unknown as OfCommander).unknownOption(unknown)
      : fail(message, options);
  };
  for (const inner of command.commands) tellUnknownFirst(inner, args);
}

/** What Commander calls for an option that it does not know; its types leave it out. */
interface OfCommander {
  unknownOption(flag: string): never;
}

/** How many names are typed to call a command. */
const depthOf = ({ parent }: Command): number => (parent ? 1 + depthOf(parent) : 0);

/** How to name a file whose name was taken for an option; undefined where there is no such file. */
export function dashAdvice({ code, message }: CommanderError): string | undefined {
  const [, name] = /'(-.*)'/.exec(message) ?? [];
  if (code !== 'commander.unknownOption' || !name || !existsSync(name)) return undefined;
  return `There is a file ${name}: write ./${name} for it, or -- before the names of files.`;
}
