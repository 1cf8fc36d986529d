import type { Command } from 'commander';
import { LEAST_SPEECH_SECONDS } from '../../speakers/least-speech.js';
import { addModelOptions, type ModelOptions } from './model-options.js';
import { decimal, decimalBetween } from './values.js';

/** Options of the commands that compare speakers. */
export interface SpeakerOptions extends ModelOptions {
  store: string;
}

/** Options of the commands that decide. */
export interface DecisionOptions {
  threshold?: number;
  falseAccepts?: number;
  leastSpeech: number;
}

/** Adds --store and the options of a model. */
export function addSpeakerOptions(command: Command): Command {
  return addModelOptions(addStoreOption(command));
}

export function addStoreOption(command: Command): Command {
  return command.requiredOption('--store <dir>', 'folder of enrolled speakers');
}

/** Adds --threshold, --false-accepts, which becomes a share of 1, and --least-speech. */
export function addDecisionOptions(command: Command): Command {
  const percentage = decimalBetween('a percentage from 0 to 100', 0, 100);
  return command
    .option(
      '--threshold <cosine>',
      'a score above this means the same speaker',
      decimalBetween('a cosine from -1 to 1', -1, 1),
    )
    .option(
      '--false-accepts <percent>',
      "use the calibration's threshold for 10, 1 or 0.1 % false accepts (default: 1)",
      (text) => percentage(text) / 100,
    )
    .option(
      '--least-speech <seconds>',
      'decide nothing about a voice that speaks for less than this',
      decimal('a number of seconds of at least 0', (value) => value >= 0),
      LEAST_SPEECH_SECONDS,
    );
}
