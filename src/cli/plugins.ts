import type { Command } from 'commander';
import { addPluginOption } from './options/model-options.js';

/** `voxloop plugins`: every plugin with its options. */
export function register(program: Command): void {
  const command = program
    .command('plugins')
    .summary('list stages, methods, backbones, losses and other plugins with their options')
    .description('Lists every plugin that a config can name, with its options, their defaults and their meaning.')
    .argument('[names...]', 'only plugins of these names or kinds')
    .option('--json', 'print [{kind, name, summary, file, options}], options as JSON Schema');
  addPluginOption(command).action(listPlugins);
}

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
