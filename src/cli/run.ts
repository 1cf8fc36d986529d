import type { Command } from 'commander';

interface RunFlags {
  out?: string;
  set: string[];
  plugin: string[];
  forceStage: string[];
  dryRun?: boolean;
}

const collect = (value: string, given: string[]): string[] => [...given, value];

/** `voxloop run CONFIG`: the stages of a recipe, one after the other. */
export function register(program: Command): void {
  program
    .command('run')
    .summary('run a recipe: pretrain, cluster, fine-tune, evaluate')
    .description(
      'Run the stages of a config. The same command again skips what is done and goes on where it was stopped.',
    )
    .argument('<config>', 'YAML file')
    .option('--out <dir>', 'run directory (default: runs/NAME)')
    .option('--set <key=value>', 'change a value of the config, such as seed=2 or pretrain.steps=100', collect, [])
    .option('--plugin <file>', 'load a plugin of your own (.ts, .js)', collect, [])
    .option('--force-stage <name>', 'do a stage again, and all that is made from it', collect, [])
    .option('--dry-run', 'print the resolved config and the plan, check that nothing is missing, and stop')
    .action(runCommand);
}

async function runCommand(file: string, flags: RunFlags): Promise<void> {
  const [{ builtIns }, { createRegistry }, { loadConfig }] = await Promise.all([
    import('../builtins.js'),
    import('../pipeline/registry/registry.js'),
    import('../pipeline/config/config.js'),
  ]);
  const registry = createRegistry(builtIns);
  const config = await loadConfig({ file, settings: flags.set, plugins: flags.plugin, registry });
  const dir = flags.out ?? `runs/${config.name}`;
  const { dryRun, runInTerminal } = await import('./run-recipe.js');
  const job = { config, registry, dir, forced: flags.forceStage };
  await (flags.dryRun ? dryRun(job) : runInTerminal(job));
}
