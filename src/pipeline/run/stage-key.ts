import { createHash } from 'node:crypto';
import { stableJson } from '../../plugin/json.js';
import type { Registry } from '../../plugin/plugin.js';
import type { ResolvedStage } from '../config/config-stages.js';

/** The parts of a run that the outcome of every stage depends on. */
interface KeyedRun {
  seed: number;
  version: string;
  registry: Registry;
}

type KeyedOptions = ResolvedStage & { sources?: string };

/**
 * A hash of everything that a stage's outcome depends on: its plugin and options, the keys of the artifacts it uses, the seed, the
 * version of voxloop, the text of the user's plugin files that it uses, and `sources`, a hash of what it reads from outside of the run.
 */
export function stageKey(stage: KeyedOptions, inputs: Record<string, string>, run: KeyedRun): string {
  return keyOf(stage, stage.options, inputs, run);
}

/** The same without the options in which an unfinished attempt may differ (`convertible`). */
export function attemptKey(stage: KeyedOptions, inputs: Record<string, string>, run: KeyedRun): string {
  const options = structuredClone(stage.options) as Record<string, unknown>;
  for (const path of stage.plugin.convertible ?? []) remove(options, path.split('.'));
  return keyOf(stage, options, inputs, run);
}

function remove(options: Record<string, unknown>, [first, ...rest]: string[]): void {
  const value = options[first];
  if (rest.length === 0) delete options[first];
  else if (typeof value === 'object' && value !== null) remove(value as Record<string, unknown>, rest);
}

function keyOf(stage: KeyedOptions, options: unknown, inputs: Record<string, string>, run: KeyedRun): string {
  const uses = [{ kind: 'stage' as const, name: stage.stage }, ...stage.uses];
  const files = uses.flatMap(({ kind, name }) => run.registry.origin(kind, name).digest ?? []).sort();
  const { seed, version } = run;
  const { sources } = stage;
  const outside = sources === undefined ? {} : { sources };
  const parts = { stage: stage.stage, options, inputs, seed, version, files, ...outside };
  return createHash('sha256').update(stableJson(parts)).digest('hex');
}
