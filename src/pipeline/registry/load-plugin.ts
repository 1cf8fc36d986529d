import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { register } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../errors.js';
import { readError } from '../../io/read-file.js';
import { type AnyPlugin, kinds } from '../../plugin/plugin.js';
import { describeLoadFault } from './plugin-fault.js';
import type { OpenRegistry } from './registry.js';

let hooksRegistered = false;

/**
 * Loads the plugins of these files (.ts, .js, .mjs; paths absolute or relative to the current folder) into the registry.
 * A file named twice is loaded once. @throws UserError that names the file, for any fault in it
 */
export async function loadPlugins(files: readonly string[], registry: OpenRegistry): Promise<void> {
  const loaded = new Set<string>();
  for (const file of files) {
    const { path, digest } = identify(file);
    if (loaded.has(path)) continue;
    loaded.add(path);
    for (const plugin of pluginsOf(file, await importFile(file, path))) registry.add(plugin, file, digest);
  }
}

function identify(file: string): { path: string; digest: string } {
  try {
    const path = realpathSync(resolve(file));
    return { path, digest: createHash('sha256').update(readFileSync(path)).digest('hex') };
  } catch (error) {
    const known = readError(file, error);
    throw known instanceof UserError ? new UserError(`Plugin ${known.message}`) : known;
  }
}

async function importFile(file: string, path: string): Promise<Record<string, unknown>> {
  if (!hooksRegistered) register(new URL('./plugin-hooks.js', import.meta.url));
  hooksRegistered = true;
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw new UserError(describeLoadFault(file, path, error));
  }
}

function pluginsOf(file: string, module: Record<string, unknown>): AnyPlugin[] {
  if (!('default' in module)) {
    throw new UserError(
      `${file} has no default export. Write \`export default defineSsl({...})\`, or another define function.`,
    );
  }
  const exported: unknown[] = Array.isArray(module.default) ? module.default : [module.default];
  return exported.map((value, index) => {
    if (isPlugin(value)) return value;
    const which = Array.isArray(module.default) ? `entry ${index} of the default export` : 'the default export';
    throw new UserError(
      `${file}: ${which} is not a plugin. It must be what defineSsl(...), defineStage(...) or another define function returns.`,
    );
  });
}

function isPlugin(value: unknown): value is AnyPlugin {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, name, summary, options } = value as Record<string, unknown>;
  const isSchema = typeof options === 'object' && options !== null && '_zod' in options && 'safeParseAsync' in options;
  const isNamed = typeof name === 'string' && name !== '' && typeof summary === 'string';
  return kinds.some((known) => known === kind) && isNamed && isSchema;
}
