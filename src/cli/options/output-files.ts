import type { Command, Option } from 'commander';
import { UserError } from '../../errors.js';
import { declareInputs, forgetInputs, refuseInput } from '../../io/inputs.js';

const outputs = new WeakSet<Option>();
const printing = new WeakSet<Option>();

/**
 * An option that names a file to write. Files that any other option or argument names are inputs, and stay as they are.
 * @param dash what a lone `-` is: standard output, or no name at all
 */
export function outputOption(
  command: Command,
  flags: string,
  description: string,
  { dash = 'refuse' }: { dash?: 'print' | 'refuse' } = {},
): Option {
  const option = command.createOption(flags, description);
  outputs.add(option);
  if (dash === 'print') printing.add(option);
  return option;
}

/**
 * Declares every file that a command line names as an input, except by an `outputOption`: nothing that the command writes takes the
 * place of one. An option that is forgotten here is an input, which cannot be written at all.
 * @throws UserError for an output that is an input, for two outputs of one name, and for `-` where nothing is printed
 */
export function guardInputs(command: Command): void {
  forgetInputs();
  const chosen = (option: Option): unknown => command.getOptionValue(option.attributeName());
  const inputs = [...command.args, ...command.options.filter((option) => !outputs.has(option)).flatMap(chosen)];
  declareInputs(inputs.filter((value) => typeof value === 'string'));
  const named = new Map<string, string>();
  for (const option of command.options) {
    const path = outputs.has(option) ? chosen(option) : undefined;
    if (typeof path !== 'string') continue;
    if (path === '-') {
      if (printing.has(option)) continue;
      throw new UserError(
        `${option.long} -: this command writes a file there, not standard output. Name one, or ./- for a file of that name.`,
      );
    }
    refuseInput(path);
    const other = named.get(path);
    if (other !== undefined)
      throw new UserError(`${other} and ${option.long} both name ${path}. Give each a file of its own.`);
    named.set(path, option.long ?? option.flags);
  }
}
