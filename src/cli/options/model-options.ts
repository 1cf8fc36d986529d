import type { Command } from 'commander';
import { MOST_THREADS } from '../../most-threads.js';
import { choice, collect, wholeNumber } from './values.js';

export const DEVICES = ['auto', 'cpu', 'gpu'] as const;

export type Device = (typeof DEVICES)[number];

/** Options of every command that runs a network. */
export interface DeviceOptions {
  device: Device;
  threads: number;
}

/** Options of every command that runs a model. */
export interface ModelOptions extends DeviceOptions {
  /** Where it is left out, the model that comes with voxloop is meant. */
  model?: string;
  plugin: string[];
}

/** Adds --model, --device, --threads and --plugin. */
export function addModelOptions(command: Command): Command {
  command.option(
    '--model <dir>',
    'model folder, e.g. RUN/stages/embed/model, or a file of voxloop export (default: the model that comes with voxloop)',
  );
  return addPluginOption(addDeviceOptions(command));
}

/** Adds --device and --threads. */
export function addDeviceOptions(command: Command): Command {
  return command
    .addOption(choice(command, '--device <device>', 'where to compute; gpu fails where there is none', DEVICES, 'auto'))
    .option('--threads <n>', 'threads of one operation; 0: one per core', wholeNumber(0, MOST_THREADS), 0);
}

/** Adds --plugin. */
export function addPluginOption(command: Command): Command {
  return command.option('--plugin <file>', 'load plugins from a .ts or .js file; may be repeated', collect, []);
}
