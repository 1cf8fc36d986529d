import { UserError } from '../../errors.js';
import type { Registry } from '../../plugin/plugin.js';
import type { StageContext } from '../../plugin/stage.js';
import { parseStages } from '../config/config-stages.js';
import type { PlannedStage } from './run-plan.js';
import type { FinishedStage, RunParts } from './run-stage.js';
import { stageState } from './stage-folder.js';
import { attemptKey, stageKey } from './stage-key.js';
import { voxloopVersion } from './version.js';

interface InnerParts {
  /** The folder of the stage that runs others. */
  folder: string;
  /** Its artifact name. */
  within: string;
  /** The artifacts its options name. */
  inputs: readonly FinishedStage[];
  parts: RunParts;
  perform(stage: PlannedStage, parts: RunParts): Promise<FinishedStage>;
}

/** Runs stages within a stage, in its folder, recorded and resumed like any other; see StageContext.inner. */
export function openInner({ folder, within, inputs, parts, perform }: InnerParts) {
  const artifacts = new Map(inputs.map((finished) => [finished.as, finished]));
  // Input artifacts have no key here: the outer stage's key, and with it the folder, depends on them.
  const keys: Record<string, string> = {};
  const { config, registry } = parts;
  const innerParts: RunParts = {
    ...parts,
    dir: folder,
    finished: artifacts,
    journal: (event, fields) => parts.journal(event, { within, ...fields }),
    progress: (title) => parts.progress(`${within}/${title}`),
    log: (line) => parts.log(`${parts.label}: ${line}`),
  };

  const run: StageContext['inner'] = async (as, stage, options) => {
    const existing = await Promise.all([...artifacts].map(([name, { stage }]) => typed(registry, name, stage)));
    const { resolved, faults } = await parseStages([{ stage, as, ...options }], registry, existing);
    if (faults.length > 0) {
      throw new UserError(
        `stage '${as}': ${faults.map(({ path, message }) => `${path.slice(2).join('.')} ${message}`).join('; ')}`,
      );
    }
    const [only] = resolved;
    const inputKeys = Object.fromEntries(only.references.sort().map((name) => [name, keys[name] ?? '']));
    const keyed = { seed: config.seed, version: voxloopVersion(), registry };
    const [key, attempt] = [stageKey(only, inputKeys, keyed), attemptKey(only, inputKeys, keyed)];
    keys[as] = key;
    const state = stageState(folder, { as, key, attempt });
    const finished = await perform({ ...only, key, attempt, state }, { ...innerParts, label: as });
    artifacts.set(as, finished);
    return finished;
  };
  return { artifacts, run };
}

async function typed(registry: Registry, name: string, stage: string): Promise<[string, string]> {
  const plugin = await registry.load('stage', stage);
  return [name, plugin.produces ?? plugin.name];
}
