import type { Command, Option } from 'commander';
import { UserError } from '../../errors.js';
import { declareInputs, forgetInputs, refuseInput } from '../../io/inputs.js';

const outputs = new WeakSet<Option>();

/** An option that names a file to write. Files that any other option or argument names are inputs, and stay as they are. */
export function outputOption(command: Command, flags: string, description: string): Option {
  const option = command.createOption(flags, description);
  outputs.add(option);
  return option;
}

/**
 * Declares every file that a command line names as an input, except by an `outputOption`: nothing that the command writes takes the
 * place of one. An option that is forgotten here is an input, which cannot be written at all.
 * @throws UserError for an output that is an input, and for two outputs of one name
 */
export function guardInputs(command: Command): void {
  forgetInputs();
  const chosen = (option: Option): unknown => command.getOptionValue(option.attributeName());
  const inputs = [...command.args, ...command.options.filter((option) => !outputs.has(option)).flatMap(chosen)];
  declareInputs(inputs.filter((value) => typeof value === 'string'));
  const named = new Map<string, string>();
  for (const option of command.options) {
    const path = outputs.has(option) ? chosen(option) : undefined;
    if (typeof path !== 'string' || path === '-') continue;
    refuseInput(path);
    const other = named.get(path);
    if (other !== undefined)
      throw new UserError(`${other} and ${option.long} both name ${path}. Give each a file of its own.`);
    named.set(path, option.long ?? option.flags);
  }
}
