import type { Command } from 'commander';

/** Options of every command that runs a model. */
export interface ModelOptions {
  model: string;
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
  plugin: string[];
}

/** Adds --model, --device, --threads and --plugin. */
export function addModelOptions(command: Command): Command {
  return addDeviceOptions(
    command.requiredOption('--model <dir>', 'model folder, e.g. RUN/stages/round2-embeddings/model'),
  );
}

/** Adds --device, --threads and --plugin. */
export function addDeviceOptions(command: Command): Command {
  return command
    .option('--device <device>', 'auto, cpu or gpu; gpu fails where there is none', device, 'auto')
    .option('--threads <n>', 'threads of one operation; 0: all cores', wholeNumber(0), 0)
    .option(
      '--plugin <file>',
      'file of plugins; may be repeated',
      (file: string, files: string[]) => [...files, file],
      [],
    );
}

function device(value: string): string {
  if (['auto', 'cpu', 'gpu'].includes(value)) return value;
  throw invalid(`must be auto, cpu or gpu, not '${value}'`);
}

/** An option value that must be a whole number of at least `least`. */
export function wholeNumber(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() !== '' && Number.isInteger(number) && number >= least) return number;
    throw invalid(`must be a whole number of at least ${least}, not '${value}'`);
  };
}

/** What commander takes for a wrong option value, without importing commander at run time. */
function invalid(message: string): Error {
  return Object.assign(new Error(message), { code: 'commander.invalidArgument' });
}
