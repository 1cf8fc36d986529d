import { basename, dirname, extname, resolve } from 'node:path';
import { z } from 'zod';
import { isByteSize, parseByteSize } from '../../io/byte-size.js';
import { MOST_THREADS } from '../../most-threads.js';
import { type Fault, faultsOf } from '../../plugin/faults.js';
import { keysAt } from '../../plugin/schema-keys.js';
import { loadPlugins } from '../registry/load-plugin.js';
import type { OpenRegistry } from '../registry/registry.js';
import { readLayeredConfig } from './config-extends.js';
import { throwFaults } from './config-faults.js';
import { artifactName, parseStages, type ResolvedStage, stageEntry } from './config-stages.js';
import { applyOverrides } from './overrides.js';

/** A size in bytes as written by people: `11GiB`. */
const memorySize = z.string().refine(isByteSize, "must be a size such as '11GiB' or '800MB'");

const schema = z.strictObject({
  name: artifactName.optional(),
  seed: z.int().min(0).default(1),
  device: z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  threads: z.int().min(0).max(MOST_THREADS).default(0),
  deterministic: z.boolean().default(false),
  memory: memorySize.optional(),
  plugins: z.array(z.string()).default([]),
  stages: z.array(stageEntry).min(1),
});

/** A config with every default filled in and every name checked. */
export interface ResolvedConfig {
  file: string;
  name: string;
  seed: number;
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
  /** The same bits from run to run on a GPU, too. */
  deterministic: boolean;
  /** Memory that tensors may take, such as `11GiB`; by default what the device has. */
  memory?: string;
  /** Absolute paths. */
  plugins: string[];
  stages: ResolvedStage[];
}

export interface ConfigRequest {
  file: string;
  /** `key=value`, as for --set. */
  settings?: readonly string[];
  /** As for --plugin: relative to the current folder. */
  plugins?: readonly string[];
  registry: OpenRegistry;
}

/**
 * Reads, checks and resolves a config; loads the user's plugins into the registry. Throws one UserError that lists every
 * fault with file, line, column and the nearest valid name.
 */
export async function loadConfig({
  file,
  settings = [],
  plugins = [],
  registry,
}: ConfigRequest): Promise<ResolvedConfig> {
  const source = readLayeredConfig(file);
  const { value, overrides } = applyOverrides(source.value, settings, Object.keys(schema.shape));
  const parsed = schema.safeParse(value);
  const naming = {
    place: 'the config',
    path: [],
    value,
    keysAt: (path: readonly PropertyKey[]) => keysAt(schema, path),
  };
  const faults: Fault[] = parsed.success ? [] : faultsOf(parsed.error.issues, naming);

  const { data: listed = [] } = z.array(z.string()).safeParse((value as { plugins?: unknown } | null)?.plugins);
  const files = [...plugins.map((path) => resolve(path)), ...listed.map((path) => resolve(dirname(file), path))];
  await loadPlugins(files, registry);

  const stages = await parseStages((value as { stages?: unknown } | null)?.stages, registry);
  throwFaults([...faults, ...stages.faults], source, overrides);
  // Faults were thrown above; this parse cannot fail.
  const { name = basename(file, extname(file)), seed, device, threads, deterministic, memory } = schema.parse(value);
  return { file, name, seed, device, threads, deterministic, memory, plugins: files, stages: stages.resolved };
}

/** The bytes of the config's `memory`. */
export const memoryBytesOf = ({ memory }: ResolvedConfig): number | undefined =>
  memory === undefined ? undefined : parseByteSize(memory, 'memory');
