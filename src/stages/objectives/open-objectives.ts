import { frameCount, samplesFor } from '../../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../../audio/features/features.js';
import type { CropPlan } from '../../data/crops/crops.js';
import type { Batch } from '../../data/crops/loader.js';
import { labelsOf } from '../../data/crops/sampler.js';
import type { ShardSet } from '../../data/shards/shards.js';
import { UserError } from '../../errors.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { Registry } from '../../plugin/plugin.js';
import type { SketchContext, StageContext } from '../../plugin/stage.js';
import type { ObjectiveParts } from '../../train/objectives/beside.js';
import type { ObjectiveNeeds } from '../../train/objectives/objective.js';
import type { BesideSamples, RowLabels } from '../../train/objectives/samples.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { openLabelsOfFrames } from '../frame-labels/frame-labels-artifact.js';
import { plannedClasses } from '../training/planned-classes.js';
import type { ObjectiveStageOptions } from './options.js';
import { openTarget } from './target-crops.js';

/** The objectives of a training, and what they learn from. */
export interface OpenObjectives {
  parts: readonly ObjectiveParts[];
  /** Samples of nothing, of the right shapes; undefined where there is nothing beside the crops. */
  silent(batchSize: number): BesideSamples | undefined;
  /** What belongs to a batch; release it when the batch has been fed. */
  samples(batch: Batch): Promise<{ beside?: BesideSamples; release(): void }>;
  close(): Promise<void>;
}

/** The means of a training that objectives share. */
interface TrainingParts {
  train: ShardSet;
  features: FeatureDefinition;
  plan: CropPlan;
  batchSize: number;
  accumulate: number;
}

/** Where the labels of an objective's rows come from. */
interface LabelSource {
  classes: number;
  kind: 'class' | 'shares';
  rowsOf?(batch: Batch): RowLabels;
}

/** Opens objectives with their labels and the target. @throws UserError for labels and targets that do not fit the corpus */
export async function openObjectives(
  context: StageContext,
  options: ObjectiveStageOptions,
  training: TrainingParts,
): Promise<OpenObjectives> {
  const chosen = await choose(context.registry, options.objectives);
  const sources = chosen.map(({ needs }) => labelSource(context, needs, training));
  const { target: name } = options;
  const target = name === undefined ? undefined : openTarget(context, name, training);
  const parts = partsOf(chosen, sources);
  const needed = target !== undefined || sources.some(({ rowsOf }) => rowsOf);
  return {
    parts,
    silent: silentSamples(parts, sources, { ...training, target: target?.rows }),
    async samples(batch) {
      if (!needed) return { release: () => {} };
      const other = await target?.stream.batchAt(batch.step);
      const labels = sources.map(({ rowsOf }) => rowsOf?.(batch));
      return {
        beside: { target: other?.global, targets: target?.rows ?? 0, labels },
        release: () => other?.release(),
      };
    },
    close: async () => target?.stream.close(),
  };
}

/** Objectives before anything has run; a batch has as many rows of the target as of the corpus. */
export async function sketchObjectives(
  context: SketchContext,
  options: ObjectiveStageOptions,
  training: Pick<TrainingParts, 'features' | 'plan' | 'batchSize'>,
): Promise<Pick<OpenObjectives, 'parts' | 'silent'>> {
  const chosen = await choose(context.registry, options.objectives);
  const sources = chosen.map(({ needs }): LabelSource => {
    const labels = needs.utteranceLabels ?? needs.frameLabels;
    const classes = labels === undefined ? 2 : plannedClasses(context, labels).classes;
    return { classes, kind: 'class', ...(labels !== undefined && { rowsOf: never }) };
  });
  const parts = partsOf(chosen, sources);
  const target = options.target === undefined ? undefined : training.batchSize;
  return { parts, silent: silentSamples(parts, sources, { ...training, target }) };
}

const never = (): never => {
  throw new Error('a sketch has no batches');
};

type Chosen = Pick<ObjectiveParts, 'name' | 'layer' | 'weight' | 'needs'> & {
  build(context: Parameters<ObjectiveParts['build']>[0]): ReturnType<ObjectiveParts['build']>;
};

const choose = (registry: Registry, choices: readonly PluginChoice<'objective'>[]): Promise<Chosen[]> =>
  Promise.all(
    choices.map(async ({ name, options }) => {
      const plugin = await registry.load('objective', name);
      const { layer, weight } = options as { layer: string; weight: number };
      return {
        name,
        layer,
        weight,
        needs: plugin.needs(options),
        build: (parts) => plugin.build({ ...parts, options }),
      };
    }),
  );

const partsOf = (chosen: readonly Chosen[], sources: readonly LabelSource[]): ObjectiveParts[] =>
  chosen.map((objective, i) => ({ ...objective, classes: sources[i].classes }));

function labelSource(context: StageContext, needs: ObjectiveNeeds, training: TrainingParts): LabelSource {
  const { train, features } = training;
  if (needs.utteranceLabels !== undefined) {
    const labels = readLabels(context.artifact(needs.utteranceLabels), train.ids.length);
    const classes = new Set(labels.filter((label) => label >= 0)).size;
    if (classes < 2)
      throw new UserError(
        `objectives: the labels of '${needs.utteranceLabels}' name ${classes === 1 ? 'one class only' : 'no class'}, and two are needed to tell ` +
          'them apart. Give other labels, or leave the objective out.',
      );
    return {
      classes: 1 + labels.reduce((most, label) => Math.max(most, label), -1),
      kind: 'class',
      rowsOf: ({ utterances }) => ({ values: labelsOf(labels, utterances), shape: [] }),
    };
  }
  if (needs.frameLabels === undefined) return { classes: 2, kind: 'class' };
  const { labelling, ofCrops } = openLabelsOfFrames(context.artifact(needs.frameLabels), needs.frameLabels, train);
  const classes = labelling.names.length;
  return {
    classes,
    kind: labelling.kind,
    rowsOf(batch) {
      const rows = batch.utterances.length;
      const samples = cropSamples(batch, features);
      const crops = { utterances: batch.origins.subarray(0, rows), starts: batch.starts.subarray(0, rows) };
      const values = ofCrops({ ...crops, samples, stored: train.features !== undefined }, features);
      const frames = frameCount(samples, features);
      return { values, shape: labelling.kind === 'class' ? [frames] : [frames, classes] };
    },
  };
}

/** Samples of a batch's global crops. */
function cropSamples({ global, utterances }: Batch, features: FeatureDefinition): number {
  const width = global.length / utterances.length;
  return global instanceof Int16Array ? width : samplesFor(width / features.bins, features);
}

const silentSamples =
  (
    parts: readonly ObjectiveParts[],
    sources: readonly LabelSource[],
    { features, plan, target }: Pick<TrainingParts, 'features' | 'plan'> & { target?: number },
  ) =>
  (batchSize: number): BesideSamples | undefined => {
    const samples = plan.samples.global;
    const frames = frameCount(samples, features);
    const width = plan.stored ? frames * features.bins : samples;
    const labels = sources.map(({ classes, kind, rowsOf }, i): RowLabels | undefined => {
      if (!rowsOf) return undefined;
      const shape = parts[i].needs.frameLabels === undefined ? [] : kind === 'class' ? [frames] : [frames, classes];
      const count = batchSize * shape.reduce((product, size) => product * size, 1);
      return { values: kind === 'class' ? new Int32Array(count) : new Float32Array(count), shape };
    });
    if (target === undefined && labels.every((list) => list === undefined)) return undefined;
    const crops = target === undefined ? undefined : target * width;
    return {
      target: crops === undefined ? undefined : plan.stored ? new Float32Array(crops) : new Int16Array(crops),
      targets: target ?? 0,
      labels,
    };
  };
