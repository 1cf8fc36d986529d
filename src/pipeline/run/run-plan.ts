import { UserError } from '../../errors.js';
import type { Registry } from '../../plugin/plugin.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';
import type { ResolvedConfig } from '../config/config.js';
import type { ResolvedStage } from '../config/config-stages.js';
import { readRecord, removeStageFolder, type StageState, stageFolder, stageState } from './stage-folder.js';
import { attemptKey, stageKey } from './stage-key.js';
import { voxloopVersion } from './version.js';

export interface PlannedStage extends ResolvedStage {
  key: string;
  /** The key that an unfinished attempt must have to be resumed. */
  attempt: string;
  state: StageState;
  /** What it reads from outside of the run, as a hash; see StageDefinition.sources. */
  sources?: string;
  /** True where that has changed since the stage was done. */
  stale?: boolean;
}

/** The stages of a run with their states: done, begun or to do. Stages in `forced`, and those that depend on them, are to do. */
export function planRun(
  config: ResolvedConfig,
  runDir: string,
  registry: Registry,
  forced: readonly string[] = [],
): PlannedStage[] {
  const redone = withDependents(config.stages, forced);
  const keys: Record<string, string> = {};
  const run = { seed: config.seed, version: voxloopVersion(), registry };
  return config.stages.map((planned) => {
    const made = readRecord(stageFolder(runDir, planned.as))?.sources;
    // Where the recordings are gone, what was made of them still counts.
    const sources = planned.plugin.sources?.(planned.options) ?? made;
    const stage = { ...planned, sources };
    const inputs = Object.fromEntries(stage.references.sort().map((name) => [name, keys[name]]));
    const key = stageKey(stage, inputs, run);
    keys[stage.as] = key;
    const attempt = attemptKey(stage, inputs, run);
    const state = redone.has(stage.as) ? 'new' : stageState(runDir, { as: stage.as, key, attempt });
    return { ...stage, key, attempt, state, stale: state !== 'done' && made !== undefined && made !== sources };
  });
}

function withDependents(stages: readonly ResolvedStage[], forced: readonly string[]): Set<string> {
  const names = stages.map(({ as }) => as);
  for (const name of forced) {
    if (names.includes(name)) continue;
    throw new UserError(`--force-stage ${name}: the config has no such stage${didYouMeanOrKnown(name, names)}`);
  }
  const redone = new Set(forced);
  for (const { as, references } of stages) {
    if (references.some((name) => redone.has(name))) redone.add(as);
  }
  return redone;
}

/** Deletes the folders of forced stages, all at once: a run killed on the way must not find the later ones complete. */
export function removeForced(plan: readonly PlannedStage[], runDir: string, forced: readonly string[]): void {
  for (const as of withDependents(plan, forced)) {
    const stage = plan.find((candidate) => candidate.as === as);
    if (stage) removeStageFolder(runDir, as, stage.key);
  }
}

const words: Record<StageState, string> = { done: 'done before', resume: 'goes on', new: 'to do' };

/** One line per stage: `1/3 data (corpus): to do`. */
export function planLines(plan: readonly PlannedStage[]): string[] {
  return plan.map(({ as, stage, state, stale }, index) => {
    const why = stale ? ', for what it was made of has changed' : '';
    return `${index + 1}/${plan.length} ${titleOf({ as, stage })}: ${words[state]}${why}`;
  });
}

/** `data (corpus)`, or the name alone if both are the same. */
export function titleOf({ as, stage }: { as: string; stage: string }): string {
  return as === stage ? as : `${as} (${stage})`;
}
