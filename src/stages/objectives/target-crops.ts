import type { FeatureDefinition } from '../../audio/features/features.js';
import { type CropStream, createCropStream } from '../../data/crops/crop-stream.js';
import type { CropPlan } from '../../data/crops/crops.js';
import type { ShardSet } from '../../data/shards/shards.js';
import { UserError } from '../../errors.js';
import type { StageContext } from '../../plugin/stage.js';
import { batchCut } from '../../train/step/micro-batches.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { checkSameFeatures } from '../training/stored-features.js';

/** Crops of the target, batch by batch. */
export interface TargetCrops {
  /** Utterances in a batch. */
  rows: number;
  stream: CropStream;
}

/** What a batch is of. */
interface TargetBatches {
  batchSize: number;
  accumulate: number;
  /** The training corpus. */
  train: ShardSet;
  features: FeatureDefinition;
  plan: CropPlan;
}

/**
 * Opens the target's recordings, as the corpus' are: a batch has as many of them, or as many as there are.
 * @throws UserError for a target of other features, and of fewer utterances than each micro-batch needs
 */
export function openTarget(
  { artifact, seed, workers, log }: StageContext,
  name: string,
  batches: TargetBatches,
): TargetCrops {
  const { batchSize, accumulate, train, features, plan } = batches;
  const { train: shards } = openTraining(artifact(name));
  checkKinds(name, train, shards);
  if (shards.features) checkSameFeatures(shards.features, features);
  const count = shards.ids.length;
  // A distribution has a spread from two rows on.
  const part = batchCut(accumulate, workers);
  const least = 2 * part.count;
  if (count < least)
    throw new UserError(
      `target: '${name}' has ${count} utterance${count === 1 ? '' : 's'}, and a domain is compared by ${least} or more in every update. Add ` +
        `recordings${part.count > 1 ? ', lower accumulate or the number of workers,' : ''} or leave the target out.`,
    );
  const rows = Math.min(batchSize, count - (count % part.count));
  if (rows < batchSize)
    log(`'${name}' has ${count} utterances: ${rows} of them are in every batch, beside ${batchSize} of the corpus`);
  const { samples, stored } = plan;
  return {
    rows,
    stream: createCropStream({
      shards,
      batchSize: rows,
      plan: { count: { global: 1, local: 0 }, samples: { global: samples.global, local: samples.global }, stored },
      seed: `${seed}/target-crops`,
      part,
    }),
  };
}

function checkKinds(name: string, source: ShardSet, target: ShardSet): void {
  if ((source.features === undefined) === (target.features === undefined)) return;
  const kind = ({ features }: ShardSet) => (features ? 'stored features' : 'recordings');
  throw new UserError(
    `target: the corpus holds ${kind(source)}, and '${name}' holds ${kind(target)}. Give two corpora of recordings, or two of the same features.`,
  );
}
