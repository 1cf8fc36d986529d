import { UserError } from '../../errors.js';
import type { Registry } from '../../plugin/plugin.js';
import type { TrainingSketch } from '../../plugin/stage.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';
import type { ResolvedConfig } from '../config/config.js';
import type { ResolvedStage } from '../config/config-stages.js';

/** A stage that trains, by the name of its artifact. */
export interface SketchedStage {
  as: string;
  stage: string;
  sketch: TrainingSketch;
}

/**
 * Sketches of what the training stages of a config train; `only` names one of them, and `classes` stands in for a number that only
 * data would tell. @throws UserError when there is no such stage
 */
export async function sketchStages(
  { stages, seed }: Pick<ResolvedConfig, 'stages' | 'seed'>,
  registry: Registry,
  { only, classes }: { only?: string; classes?: number } = {},
): Promise<SketchedStage[]> {
  const training = stages.filter(({ plugin }) => plugin.sketch);
  const names = training.map(({ as }) => as);
  if (names.length === 0) throw new UserError('No stage of this config trains, so there is nothing to plan.');
  if (only !== undefined && !names.includes(only)) {
    throw new UserError(`--stage ${only}: no stage that trains has that name${didYouMeanOrKnown(only, names)}`);
  }
  const find = (as: string): ResolvedStage => stages.find((stage) => stage.as === as)!;
  const sketch = async (as: string): Promise<TrainingSketch> => {
    const { plugin, stage, options } = find(as);
    if (plugin.sketch) return plugin.sketch(context, options);
    throw new UserError(
      `The network of '${as}' (${stage}) is only known once that stage has run, so it cannot be planned.`,
    );
  };
  const context = { seed, registry, classes, sketch, options: (as: string) => find(as).options };
  const chosen = training.filter(({ as }) => only === undefined || as === only);
  return Promise.all(chosen.map(async ({ as, stage }) => ({ as, stage, sketch: await sketch(as) })));
}
