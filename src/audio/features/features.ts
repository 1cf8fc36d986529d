import { z } from 'zod';
import type { Tensor } from '../../engine/tf.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { fbank, meanNormalise } from './fbank.js';
import { fbankOptions } from './fbank-options.js';

/**
 * The features that a network expects: stored with a model and used wherever audio is turned into features (training, embedding, export).
 * `dither` applies in training only; what takes its place elsewhere is in `src/embed/hearing.ts`.
 */
export const featureDefinition = fbankOptions
  .safeExtend({
    dither: z.number().nonnegative().default(1).describe('standard deviation of noise added in training, int16 units'),
    cmn: z.boolean().default(true).describe("subtract each bin's mean over the utterance or crop"),
  })
  .refine(
    ({ sampleRateHz }) => sampleRateHz === SAMPLE_RATE_HZ,
    `a model expects ${SAMPLE_RATE_HZ} Hz: all audio is resampled to that rate`,
  )
  .refine(({ snipEdges }) => snipEdges, 'a model needs snipEdges: mirrored edges would come from padding');

export type FeatureDefinition = z.output<typeof featureDefinition>;

/** Settings of one use of the features. */
export interface FeatureUse {
  /** Prefix of the random draws' names. */
  name: string;
  /** Adds the definition's dither: true in training, false for anything that is compared. */
  dither: boolean;
  /** Valid frames of each row [batch], for rows that are padded to a common length. */
  lengths?: Tensor;
}

/** Features [batch, frames, bins] of `wave` [batch, samples], float32 on int16 scale. No gradient flows through. */
export function features(wave: Tensor, definition: FeatureDefinition, { name, dither, lengths }: FeatureUse): Tensor {
  const { cmn, ...fbankPart } = definition;
  if (lengths && !definition.snipEdges) {
    throw new Error('rows padded to a common length need snipEdges: mirrored edges would come from the padding');
  }
  const energies = fbank(wave, { ...fbankPart, dither: dither ? definition.dither : 0 }, `${name}/dither`);
  return cmn ? meanNormalise(energies, lengths) : energies;
}
