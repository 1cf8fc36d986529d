import type { Tensor } from '../../engine/tf.js';
import { centredFbank } from './centred-fbank.js';
import { fbank, meanNormalise } from './fbank.js';
import { isCentred } from './fbank-options.js';
import type { FeatureDefinition } from './feature-definition.js';
import { waveformFrames } from './waveform.js';

export { type FeatureDefinition, featureDefinition } from './feature-definition.js';

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
  const { cmn, frontEnd, ...fbankPart } = definition;
  if (lengths && !definition.snipEdges) {
    throw new Error('rows padded to a common length need snipEdges: mirrored edges would come from the padding');
  }
  const options = { ...fbankPart, dither: dither ? definition.dither : 0 };
  const draw = `${name}/dither`;
  if (frontEnd === 'waveform') return waveformFrames(wave, options, { normalised: cmn, lengths });
  const energies = isCentred(frontEnd)
    ? centredFbank(wave, options, { frontEnd, name: draw, lengths })
    : fbank(wave, options, draw);
  return cmn ? meanNormalise(energies, lengths) : energies;
}
