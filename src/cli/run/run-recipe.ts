import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { locateLibrary } from '../../engine/library/locate.js';
import { UserError } from '../../errors.js';
import type { ResolvedConfig } from '../../pipeline/config/config.js';
import { resolvedYaml } from '../../pipeline/config/resolved-yaml.js';
import { describeEnvironment } from '../../pipeline/run/environment.js';
import { listenForInterrupt } from '../../pipeline/run/interrupt.js';
import { createProgress } from '../../pipeline/run/progress.js';
import { checkStages, runPipeline } from '../../pipeline/run/run.js';
import { planLines, planRun } from '../../pipeline/run/run-plan.js';
import type { Registry } from '../../plugin/plugin.js';

interface Job {
  config: ResolvedConfig;
  registry: Registry;
  dir: string;
  forced: string[];
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Prints the resolved config on stdout and the plan on stderr; throws a UserError when something is missing. */
export async function dryRun({ config, registry, dir, forced }: Job): Promise<void> {
  const plan = planRun(config, dir, registry, forced);
  process.stdout.write(resolvedYaml(config));
  say(`plan for ${dir}:`);
  for (const line of planLines(plan)) say(`  ${line}`);
  await checkStages(plan, { config, registry, log: say });
}

/** Runs a config with progress on stderr; the last table of a stage goes to stdout. */
export async function runInTerminal({ config, registry, dir, forced }: Job): Promise<void> {
  const { seed, device, threads } = config;
  const { signal, stop } = listenForInterrupt(say);
  try {
    say(`${config.name}: ${config.file} in ${dir}, seed ${seed}`);
    const finished = await runPipeline({
      config,
      registry,
      dir,
      forced,
      signal,
      environment: describeEnvironment({ seed, device, threads }, describeLibrary(device)),
      progress: (label) => createProgress({ stream: process.stderr, label }),
      log: say,
    });
    const table = finished.map(({ result }) => tableOf(result)).findLast((text) => text !== undefined);
    if (table !== undefined) process.stdout.write(`${table.trimEnd()}\n`);
    for (const file of ['results.json', 'report.html']) {
      if (existsSync(join(dir, file))) say(`written: ${join(dir, file)}`);
    }
  } finally {
    stop();
  }
}

/** The TensorFlow library that the run will load; a recipe without networks needs none. */
function describeLibrary(device: ResolvedConfig['device']): { tensorflow: string | null; tensorflowGpu: boolean } {
  try {
    const { version, gpu } = locateLibrary({ gpu: device === 'auto' ? undefined : device === 'gpu' });
    return { tensorflow: version, tensorflowGpu: gpu };
  } catch (error) {
    if (error instanceof UserError) return { tensorflow: null, tensorflowGpu: false };
    throw error;
  }
}

function tableOf(result: unknown): string | undefined {
  const table = (result as { table?: unknown } | null)?.table;
  return typeof table === 'string' ? table : undefined;
}
