import type { Command } from 'commander';
import { registerGet } from './get.js';
import { registerList } from './list.js';

/** `voxloop model ...`: models that others published. */
export function register(program: Command): void {
  const model = program
    .command('model')
    .summary('models by name: list those that are published, fetch one')
    .description('Lists published models and fetches them by name.');
  registerList(model);
  registerGet(model);
}
