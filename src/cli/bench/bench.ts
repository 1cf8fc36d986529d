import type { Command } from 'commander';
import { addDeviceOptions, wholeNumber } from '../options/model-options.js';

/** `voxloop bench`: measurements on this machine. */
export function register(program: Command): void {
  const bench = program
    .command('bench')
    .summary('time and memory of training')
    .description('Measurements on this machine.');
  registerStep(bench);
  registerMemory(bench);
}

function registerStep(bench: Command): void {
  const command = bench
    .command('step')
    .summary('time and peak memory of whole training steps')
    .description(
      'Times supervised training steps (1,000 classes) on random features. Two warm-up steps are dropped; the peak of live bytes ' +
        'is the largest of three traced steps that are not timed.',
    )
    .requiredOption('--backbone <name>', 'network to train')
    .option('--batch <n>', 'rows in a batch', wholeNumber(1), 16)
    .option('--frames <n>', 'frames of each row', wholeNumber(2), 200)
    .option('--steps <n>', 'steps that count', wholeNumber(1), 8)
    .option(
      '--seconds <n>',
      'stop timing after so long; one warm-up and one traced step where steps are long',
      wholeNumber(1),
    )
    .option('--state-bits <n>', 'of the optimizer: 32 or 8', wholeNumber(1), 32)
    .option('--predict-above <bytes>', 'where more memory is needed, say how much instead of running', wholeNumber(0));
  addTrainingOptions(command, 'sgd')
    .option('--checkpointing', 'compute blocks again in the backward pass')
    .option('--json', 'print {bestMs, medianMs, peakBytes, parts, keptBytes, parameters, predicted}')
    .action(async (options) => (await import('./bench-step.js')).benchStep(options));
}

function registerMemory(bench: Command): void {
  const command = bench
    .command('memory')
    .summary('table of the memory that training takes, part by part and model by model')
    .description(
      'Measures supervised training steps of every model, batch and size of optimizer states, each in a process of its own. What does ' +
        'not fit this machine, or the time, is predicted and marked with "~".',
    )
    .requiredOption('--backbone <names>', 'networks, separated by commas', list)
    .option('--batch <sizes>', 'rows in a batch, separated by commas', numbers(1), [8])
    .option('--frames <n>', 'frames of each row', wholeNumber(2), 200)
    .option('--state-bits <bits>', 'of the optimizer: 32, 8 or both', numbers(1), [32]);
  addTrainingOptions(command, 'adam')
    .option('--checkpointing', 'also each plain network with its blocks computed again in the backward pass')
    .option(
      '--out <dir>',
      'folder for the tables (memory.json, memory.md) and the drawings; goes on from what is there',
    )
    .option('--minutes <n>', 'time to measure', wholeNumber(1), 90)
    .option('--json', 'print {rows}')
    .action(async (options) => (await import('./bench-memory.js')).benchMemory(options));
}

function addTrainingOptions(command: Command, optimizer: string): Command {
  return addDeviceOptions(
    command
      .option('--optimizer <name>', 'sgd (Nesterov), adam, adamw or lars', optimizer)
      .option('--width <n>', 'channels of the first stage', wholeNumber(1))
      .option('--compute <type>', 'float32, bfloat16 or auto', 'float32'),
  );
}

const list = (text: string): string[] => text.split(',').map((part) => part.trim());

const numbers = (least: number) => (text: string) => list(text).map(wholeNumber(least));
