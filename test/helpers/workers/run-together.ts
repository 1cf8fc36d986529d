import type { WorkerGroup } from '../../../src/engine/workers/group.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { type RunRequest, runPipeline } from '../../../src/pipeline/run/run.js';
import { followPipeline } from '../../../src/pipeline/workers/follow.js';
import { newRegistry } from '../recipes/run-stage.js';

const silent = { update: () => {}, line: () => {}, done: () => {} };

/** Runs a recipe in this process as several workers do, the first of `groups` and those that follow it; without groups, alone. */
export async function runTogether(
  file: string,
  dir: string,
  groups: readonly WorkerGroup[] = [],
  more: Partial<RunRequest> = {},
): Promise<void> {
  const registry = newRegistry();
  const config = await loadConfig({ file, settings: [], plugins: [], registry });
  const { signal } = new AbortController();
  const run = { config, registry, dir, environment: {}, signal };
  const [workers, ...others] = groups;
  await Promise.all(
    [runPipeline({ ...run, workers, progress: () => silent, log: () => {}, ...more }) as Promise<unknown>].concat(
      others.map((group) => followPipeline({ ...run, workers: group })),
    ),
  );
}
