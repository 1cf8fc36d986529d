import { stringify } from 'yaml';
import { asWritten } from '../../plugin/options.js';
import type { ResolvedConfig } from './config.js';

/** A resolved config as YAML that can be run again. */
export function resolvedYaml({
  name,
  seed,
  device,
  threads,
  deterministic,
  memory,
  plugins,
  stages,
}: ResolvedConfig): string {
  const written = stages.map(({ stage, as, options }) => ({ stage, as, ...(asWritten(options) as object) }));
  const asked = { ...(deterministic ? { deterministic } : {}), ...(memory === undefined ? {} : { memory }) };
  const run = { name, seed, device, threads, ...asked, plugins };
  return stringify({ ...run, stages: written }, { aliasDuplicateObjects: false });
}
