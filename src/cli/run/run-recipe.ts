import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modelsBelow } from '../../embed/model-file.js';
import { eventsBeside } from '../../follow/tensorboard/tensorboard.js';
import type { ResolvedConfig } from '../../pipeline/config/config.js';
import { resolvedYaml } from '../../pipeline/config/resolved-yaml.js';
import { describeRun } from '../../pipeline/run/environment.js';
import { listenForInterrupt } from '../../pipeline/run/interrupt.js';
import { createProgress } from '../../pipeline/run/progress.js';
import { checkStages, type RunRequest, runPipeline } from '../../pipeline/run/run.js';
import { planLines, planRun } from '../../pipeline/run/run-plan.js';
import type { Registry } from '../../plugin/plugin.js';
import type { CheckContext } from '../../plugin/stage.js';

export interface Job {
  config: ResolvedConfig;
  registry: Registry;
  dir: string;
  forced: string[];
}

export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Prints the resolved config on stdout and the plan on stderr; throws a UserError when something is missing. */
export async function dryRun({
  config,
  registry,
  dir,
  forced,
  workers,
}: Job & { workers?: CheckContext['workers'] }): Promise<void> {
  const plan = planRun(config, dir, registry, forced);
  process.stdout.write(resolvedYaml(config));
  say(`plan for ${dir}:`);
  for (const line of planLines(plan)) say(`  ${line}`);
  await checkStages(plan, { config, registry, workers, log: say });
}

/** Runs a config in this process, until Ctrl-C. */
export async function runInTerminal(job: Job): Promise<void> {
  const { signal, stop } = listenForInterrupt(say);
  try {
    await runAlone(job, { signal });
  } finally {
    stop();
  }
}

/** Runs a config with progress on stderr; the last table of a stage goes to stdout. */
export async function runAlone(
  { config, registry, dir, forced }: Job,
  { signal, workers }: Pick<RunRequest, 'signal' | 'workers'>,
): Promise<void> {
  say(`${config.name}: ${config.file} in ${dir}, seed ${config.seed}`);
  const finished = await runPipeline({
    config,
    registry,
    dir,
    forced,
    signal,
    workers,
    environment: describeRun(config),
    progress: (label) => createProgress({ stream: process.stderr, label }),
    log: say,
    beside: eventsBeside(dir, say),
  });
  const table = finished.map(({ result }) => tableOf(result)).findLast((text) => text !== undefined);
  if (table !== undefined) process.stdout.write(`${table.trimEnd()}\n`);
  for (const file of ['results.json', 'report.html']) {
    if (existsSync(join(dir, file))) say(`written: ${join(dir, file)}`);
  }
  for (const model of modelsBelow(dir)) say(`written: ${model}`);
}

function tableOf(result: unknown): string | undefined {
  const table = (result as { table?: unknown } | null)?.table;
  return typeof table === 'string' ? table : undefined;
}
