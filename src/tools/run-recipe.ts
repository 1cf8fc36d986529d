import { builtIns } from '../builtins.js';
import { eventsBeside } from '../follow/tensorboard/tensorboard.js';
import { loadConfig } from '../pipeline/config/config.js';
import { createRegistry } from '../pipeline/registry/registry.js';
import { describeRun } from '../pipeline/run/environment.js';
import { runPipeline } from '../pipeline/run/run.js';
import type { Artifact } from '../plugin/stage.js';

export interface RecipeRun {
  /** The run directory; `runs/NAME` by default. */
  out?: string;
  /** Changes to the recipe, `key=value`, such as `seed=2` or `pretrain.steps=100`. */
  settings?: readonly string[];
  /** Files of plugins of your own. */
  plugins?: readonly string[];
  /** Told what the run says, line by line. */
  log?: (line: string) => void;
  /** Stops the run at its next step; the same call again goes on from there. */
  signal?: AbortSignal;
}

/**
 * Runs a recipe, a YAML file, as `voxloop run` does: what is done is skipped, what was stopped goes on.
 * @returns what each stage made, by the name of its artifact
 * @throws UserError for a fault in the recipe, or when something that it needs is missing
 */
export async function runRecipe(
  file: string,
  { out, settings, plugins, log = () => {}, signal = new AbortController().signal }: RecipeRun = {},
): Promise<Map<string, Artifact>> {
  const registry = createRegistry(builtIns);
  const config = await loadConfig({ file, settings, plugins, registry });
  const dir = out ?? `runs/${config.name}`;
  const finished = await runPipeline({
    config,
    registry,
    dir,
    environment: describeRun(config),
    signal,
    progress: () => ({ update: () => {}, line: log, done: () => {} }),
    log,
    beside: eventsBeside(dir, log),
  });
  return new Map(finished.map(({ as, ...artifact }) => [as, artifact]));
}
