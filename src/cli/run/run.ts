import type { Command } from 'commander';
import { addPluginOption } from '../options/model-options.js';
import { choice, collect, wholeNumber } from '../options/values.js';

interface RunFlags {
  out?: string;
  set: string[];
  plugin: string[];
  forceStage: string[];
  dryRun?: boolean;
  workers?: number;
  cluster?: string;
  rank?: number;
  wire: 'float32' | 'bfloat16';
  allowNetwork?: boolean;
  workerTimeout: number;
  restarts: number;
  fewerWorkers?: boolean;
}

/** `voxloop run CONFIG`: runs the stages of a recipe in order. */
export function register(program: Command): void {
  const command = program
    .command('run')
    .summary('run a recipe: pretrain, cluster, fine-tune, evaluate')
    .description(
      'Runs the stages of a config. The same command again skips finished stages and goes on where it was stopped.',
    )
    .argument('<config>', 'YAML file')
    .option('--out <dir>', 'run directory (default: runs/NAME)')
    .option(
      '--set <key=value>',
      'change a value of the config, such as seed=2 or pretrain.steps=100; may be repeated',
      collect,
      [],
    )
    .option('--force-stage <name>', 'redo a stage and every stage that depends on it; may be repeated', collect, [])
    .option(
      '--workers <n>',
      'train with so many processes of this machine, each on its part of every batch',
      wholeNumber(1),
    )
    .option(
      '--cluster <list>',
      "workers of several machines: host:port of each, with commas; or 'env': TF_CONFIG, RANK and WORLD_SIZE, or SLURM's variables",
    )
    .option('--rank <n>', 'with --cluster: number of the first worker that runs here, from 0', wholeNumber(0))
    .addOption(
      choice(
        program,
        '--wire <type>',
        'type in which gradients travel between workers',
        ['float32', 'bfloat16'],
        'float32',
      ),
    )
    .option('--allow-network', 'let workers of a private network connect, without a password')
    .option(
      '--worker-timeout <seconds>',
      'a worker that trains and gives no sign for so long, or waits so long for the others, counts as hanging',
      wholeNumber(1),
      300,
    )
    .option(
      '--fewer-workers',
      'after that many restarts, go on with the next smaller number that can share the batches',
    )
    .option('--restarts <n>', 'times that all workers start again when one dies or hangs', wholeNumber(0), 10)
    .option('--dry-run', 'print the resolved config and the plan, check that nothing is missing, and stop');
  addPluginOption(command).action(runCommand);
}

async function runCommand(file: string, flags: RunFlags): Promise<void> {
  const { isWorker } = await import('../../pipeline/workers/place.js');
  if (isWorker()) (await import('../../pipeline/workers/end-with-supervisor.js')).endWithSupervisor();
  const [{ builtIns }, { createRegistry }, { loadConfig }] = await Promise.all([
    import('../../builtins.js'),
    import('../../pipeline/registry/registry.js'),
    import('../../pipeline/config/config.js'),
  ]);
  const registry = createRegistry(builtIns);
  const config = await loadConfig({ file, settings: flags.set, plugins: flags.plugin, registry });
  const dir = flags.out ?? `runs/${config.name}`;
  const job = { config, registry, dir, forced: flags.forceStage };
  if (isWorker()) {
    const { runAsWorker } = await import('./run-workers.js');
    return runAsWorker(job);
  }
  const { clusterOf } = await import('../../pipeline/workers/cluster.js');
  const cluster = clusterOf(flags, process.env);
  const { dryRun, runInTerminal } = await import('./run-recipe.js');
  if (flags.dryRun) return dryRun({ ...job, workers: cluster });
  if (!cluster || cluster.count === 1) return runInTerminal(job);
  const { superviseWorkers } = await import('./run-workers.js');
  await superviseWorkers(job, cluster, flags);
}
