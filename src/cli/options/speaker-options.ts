import type { Command } from 'commander';
import { addModelOptions, type ModelOptions } from './model-options.js';

/** Options of the commands that compare speakers. */
export interface SpeakerOptions extends ModelOptions {
  store: string;
}

/** Options of the commands that decide. */
export interface DecisionOptions {
  threshold?: number;
  falseAccepts?: number;
}

/** Adds --store and what a model needs. */
export function addSpeakerOptions(command: Command): Command {
  return addModelOptions(addStoreOption(command));
}

export function addStoreOption(command: Command): Command {
  return command.requiredOption('--store <dir>', 'folder of enrolled speakers');
}

/** Adds --threshold and --false-accepts. */
export function addDecisionOptions(command: Command): Command {
  return command
    .option('--threshold <cosine>', 'the same speaker is what scores above it', decimal('a cosine from -1 to 1', -1, 1))
    .option(
      '--false-accepts <percent>',
      "the calibration's threshold for 10, 1 or 0.1 % false accepts; default: 1",
      (text) => decimal('a percentage', 0, 100)(text) / 100,
    );
}

/** An option value that must be a number in a range. */
export function decimal(what: string, low: number, high: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() !== '' && number >= low && number <= high) return number;
    throw Object.assign(new Error(`must be ${what}, not '${value}'`), { code: 'commander.invalidArgument' });
  };
}
