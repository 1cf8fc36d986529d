import type { Command } from 'commander';
import { addDeviceOptions, addPluginOption } from '../options/model-options.js';
import { choice, commaSeparated, invalid, wholeNumber } from '../options/values.js';

/** `voxloop bench`: measurements on this machine. */
export function register(program: Command): void {
  const bench = program
    .command('bench')
    .summary('measure time and memory of training')
    .description('Measures training on this machine.');
  registerStep(bench);
  registerMemory(bench);
}

function registerStep(bench: Command): void {
  const command = bench
    .command('step')
    .summary('time and peak memory of whole training steps')
    .description(
      'Times supervised training steps (1,000 classes) on random features. Two warm-up steps are dropped. The peak of live bytes is ' +
        'the largest of three traced steps, which are not timed.',
    )
    .requiredOption('--backbone <name>', 'network to train')
    .option('--batch <n>', 'rows in a batch', wholeNumber(1), 16)
    .option('--frames <n>', 'frames of a row', wholeNumber(2), 200)
    .option('--steps <n>', 'timed steps', wholeNumber(1), 8)
    .option(
      '--seconds <n>',
      'stop timing after this long; long steps get one warm-up and one traced step',
      wholeNumber(1),
    )
    .option('--state-bits <n>', 'bits of optimizer states: 32 or 8', stateBits, 32)
    .option(
      '--predict-above <bytes>',
      'if a step needs more, predict its memory instead of running it',
      wholeNumber(0),
    );
  addTrainingOptions(command, 'sgd')
    .option('--checkpointing', 'recompute blocks in the backward pass')
    .option('--json', 'print {bestMs, medianMs, peakBytes, parts, keptBytes, parameters, predicted}')
    .action(async (options) => (await import('./bench-step.js')).benchStep(options));
}

function registerMemory(bench: Command): void {
  const command = bench
    .command('memory')
    .summary('table of the memory of training, by part and by model')
    .description(
      'Measures supervised training steps of every model, batch and size of optimizer states, each in its own process. Steps that ' +
        'do not fit into the memory or the time are predicted and marked with "~".',
    )
    .requiredOption('--backbone <names>', 'networks, separated by commas', commaSeparated)
    .option(
      '--batch <sizes>',
      'rows in a batch, separated by commas',
      (text) => commaSeparated(text).map(wholeNumber(1)),
      [8],
    )
    .option('--frames <n>', 'frames of a row', wholeNumber(2), 200)
    .option(
      '--state-bits <bits>',
      'bits of optimizer states: 32, 8 or both, separated by commas',
      (text) => commaSeparated(text).map(stateBits),
      [32],
    );
  addTrainingOptions(command, 'adam')
    .option('--checkpointing', 'add each plain network with blocks recomputed in the backward pass')
    .option('--out <dir>', 'folder for the tables (memory.json, memory.md) and drawings; existing rows are kept')
    .option('--minutes <n>', 'time limit of the measurements', wholeNumber(1), 90)
    .option('--json', 'print {rows}')
    .action(async (options) => (await import('./bench-memory.js')).benchMemory(options));
}

function addTrainingOptions(command: Command, optimizer: string): Command {
  command
    .addOption(choice(command, '--optimizer <name>', 'sgd uses Nesterov momentum', OPTIMIZERS, optimizer))
    .option('--width <n>', 'channels of the first stage', wholeNumber(1))
    .addOption(choice(command, '--compute <type>', 'type of activations', ['float32', 'bfloat16', 'auto'], 'float32'));
  return addPluginOption(addDeviceOptions(command));
}

const OPTIMIZERS = ['sgd', 'adam', 'adamw', 'lars'];

function stateBits(text: string): number {
  const bits = wholeNumber(1)(text);
  if (bits === 32 || bits === 8) return bits;
  throw invalid('32 or 8');
}
