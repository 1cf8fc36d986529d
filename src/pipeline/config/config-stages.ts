import { z } from 'zod';
import { type Fault, faultsOf } from '../../plugin/faults.js';
import { withOptionScope } from '../../plugin/option-scope.js';
import { UNKNOWN_TYPE } from '../../plugin/options.js';
import type { Kind, Registry } from '../../plugin/plugin.js';
import { keysAt } from '../../plugin/schema-keys.js';
import type { StagePlugin } from '../../plugin/stage.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';

/** An artifact's name, which is also the name of its folder. */
export const artifactName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, 'be made of letters, digits, _ and -');

/** The keys of every entry of `stages`; other keys are options of the stage's plugin. */
export const stageEntry = z.looseObject({ stage: z.string(), as: artifactName.optional() });

export interface ResolvedStage {
  /** The name of the stage plugin. */
  stage: string;
  /** The name of its artifact. */
  as: string;
  /** Output of the plugin's schema. */
  options: unknown;
  /** The artifacts its options name. */
  references: string[];
  /** The plugins its options choose. */
  uses: { kind: Kind; name: string }[];
  plugin: StagePlugin;
}

interface Entry {
  index: number;
  stage: string;
  as: string;
  options: Record<string, unknown>;
}

/**
 * Parses the options of all stages by their plugins' schemas; entries that are not stages are skipped. `existing` are artifacts of
 * earlier stages, with their types.
 */
export async function parseStages(stages: unknown, registry: Registry, existing: Iterable<[string, string]> = []) {
  const entries = (Array.isArray(stages) ? stages : []).flatMap(toEntry);
  const faults: Fault[] = [];
  const resolved: ResolvedStage[] = [];
  const earlier = new Map<string, string>(existing);
  for (const [position, entry] of entries.entries()) {
    if (earlier.has(entry.as)) faults.push(nameTaken(entry));
    if (!registry.names('stage').includes(entry.stage)) {
      faults.push(noSuchStage(entry, registry));
      // Its artifact has an unknown type, so that references to it are not reported as well.
      earlier.set(entry.as, UNKNOWN_TYPE);
      continue;
    }
    const later = new Set(entries.slice(position).map(({ as }) => as));
    const plugin = await registry.load('stage', entry.stage);
    const parsed = await parseOptions(entry, plugin, { registry, earlier, later });
    faults.push(...parsed.faults);
    if (parsed.stage) resolved.push(parsed.stage);
    earlier.set(entry.as, plugin.produces ?? plugin.name);
  }
  return { resolved, faults };
}

function toEntry(value: unknown, index: number): Entry[] {
  const parsed = stageEntry.safeParse(value);
  if (!parsed.success) return [];
  const { stage, as = stage, ...options } = parsed.data;
  return [{ index, stage, as, options }];
}

function nameTaken({ index, as, stage }: Entry): Fault {
  const message = `two stages make '${as}'; give stage '${stage}' another name with 'as'`;
  return { path: ['stages', index, 'as'], what: 'value', message };
}

function noSuchStage({ index, stage }: Entry, registry: Registry): Fault {
  const message = `there is no stage '${stage}'${didYouMeanOrKnown(stage, registry.names('stage'))}`;
  return { path: ['stages', index, 'stage'], what: 'value', message };
}

interface Surroundings {
  registry: Registry;
  earlier: ReadonlyMap<string, string>;
  later: ReadonlySet<string>;
}

async function parseOptions({ index, stage, as, options }: Entry, plugin: StagePlugin, surroundings: Surroundings) {
  const scope = { ...surroundings, references: new Set<string>(), uses: new Map() };
  const parsed = await withOptionScope(scope, () => plugin.options.safeParseAsync(options));
  if (parsed.success) {
    const [references, uses] = [[...scope.references], [...scope.uses.values()]];
    return { faults: [], stage: { stage, as, options: parsed.data, references, uses, plugin } satisfies ResolvedStage };
  }
  const known = (path: readonly PropertyKey[]) => [
    ...(path.length === 0 ? Object.keys(stageEntry.shape) : []),
    ...keysAt(plugin.options, path),
  ];
  const naming = { place: `stage '${stage}'`, path: ['stages', index], value: options, keysAt: known };
  return { faults: faultsOf(parsed.error.issues, naming) };
}
