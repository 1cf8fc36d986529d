import type { Command } from 'commander';

/** `voxloop plugins`: every plugin with its options. */
export function register(program: Command): void {
  program
    .command('plugins')
    .summary('list stages, methods, backbones, losses, ... and their options')
    .description('Every plugin that a config can name, with its options, their defaults and their meaning.')
    .argument('[names...]', 'only plugins of these names or kinds')
    .option('--plugin <file>', 'load a plugin of your own too (.ts, .js); may be repeated', collect, [])
    .option('--json', 'print [{kind, name, summary, file, options}], options as JSON Schema')
    .action(listPlugins);
}

const collect = (file: string, files: string[]): string[] => [...files, file];

async function listPlugins(names: string[], flags: { json?: boolean; plugin: string[] }): Promise<void> {
  const [{ builtIns }, { createRegistry }, { loadPlugins }, { describePlugins, pluginsAsText }] = await Promise.all([
    import('../builtins.js'),
    import('../pipeline/registry/registry.js'),
    import('../pipeline/registry/load-plugin.js'),
    import('../pipeline/registry/describe-plugins.js'),
  ]);
  const registry = createRegistry(builtIns);
  await loadPlugins(flags.plugin, registry);
  const plugins = await describePlugins(registry, names);
  process.stdout.write(flags.json ? `${JSON.stringify(plugins, null, 2)}\n` : pluginsAsText(plugins));
}
