import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of a file of the repository; this file runs as dist/bench/quality/recipe.js. */
export const repository = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Seeds 1 to `count`, as `--seeds` names them. */
export const seedsUpTo = (count: string): number[] => Array.from({ length: Number(count) }, (_, i) => i + 1);

/** A run of a recipe: `settings` are `key=value`, `plugins` names of bench/plugins. */
export interface RecipeRun {
  recipe: string;
  out: string;
  settings: readonly string[];
  plugins?: readonly string[];
}

/** Runs a recipe, or goes on with the run in `out`. Throws when voxloop fails; running the bench again goes on from there. */
export function runRecipe({ recipe, out, settings, plugins = [] }: RecipeRun): void {
  const flags = [
    ...plugins.flatMap((name) => ['--plugin', repository(`dist/bench/plugins/${name}.js`)]),
    ...settings.flatMap((setting) => ['--set', setting]),
  ];
  const args = [repository('bin/voxloop.mjs'), 'run', recipe, '--out', out, ...flags];
  // voxloop's table goes to standard error, for standard output holds the bench's figures alone.
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new Error(`voxloop run ${recipe} ended with code ${status}; the same command goes on from here`);
}

/** The result of a finished stage of a run. */
export function stageResult<T>(out: string, stage: string): T {
  return (JSON.parse(readFileSync(join(out, 'stages', stage, 'stage.json'), 'utf8')) as { result: T }).result;
}

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Standard error of the mean; 0 for one value. */
export function standardError(values: readonly number[]): number {
  const center = mean(values);
  const squares = values.map((value) => (value - center) ** 2);
  return Math.sqrt(mean(squares) / Math.max(values.length - 1, 1));
}
