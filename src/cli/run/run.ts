import type { Command } from 'commander';
import { addPluginOption } from '../options/model-options.js';
import { collect } from '../options/values.js';

interface RunFlags {
  out?: string;
  set: string[];
  plugin: string[];
  forceStage: string[];
  dryRun?: boolean;
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
    .option('--dry-run', 'print the resolved config and the plan, check that nothing is missing, and stop');
  addPluginOption(command).action(runCommand);
}

async function runCommand(file: string, flags: RunFlags): Promise<void> {
  const [{ builtIns }, { createRegistry }, { loadConfig }] = await Promise.all([
    import('../../builtins.js'),
    import('../../pipeline/registry/registry.js'),
    import('../../pipeline/config/config.js'),
  ]);
  const registry = createRegistry(builtIns);
  const config = await loadConfig({ file, settings: flags.set, plugins: flags.plugin, registry });
  const dir = flags.out ?? `runs/${config.name}`;
  const { dryRun, runInTerminal } = await import('./run-recipe.js');
  const job = { config, registry, dir, forced: flags.forceStage };
  await (flags.dryRun ? dryRun(job) : runInTerminal(job));
}
