import { withoutGradient } from '../../engine/autodiff.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { centredFbank } from './centred-fbank.js';
import { fbank, meanNormalise, validFrames } from './fbank.js';
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
  return normalised(energies, definition, lengths);
}

/** Keeps a bin that does not change from being divided by nothing: PyTorch's value for instance normalisation. */
const VARIANCE_FLOOR = 1e-5;

/**
 * `energies` [batch, frames, bins] as a definition with `cmn` wants them: without each bin's mean over time, and with sslsv's front end of
 * variance 1. With `lengths` [batch] over the valid frames, and zero behind them. No gradient flows through.
 */
export function normalised(
  energies: Tensor,
  { cmn, frontEnd }: Pick<FeatureDefinition, 'cmn' | 'frontEnd'>,
  lengths?: Tensor,
): Tensor {
  if (!cmn) return energies;
  const centred = meanNormalise(energies, lengths);
  if (frontEnd !== 'sslsv') return centred;
  return withoutGradient(() => {
    const frames = energies.shape[1]!;
    const counted = lengths ? tf.sum(validFrames(lengths, frames), 1, true) : tf.scalar(frames);
    const variance = tf.div(tf.sum(tf.square(centred), 1, true), tf.maximum(counted, 1));
    return tf.mul(centred, tf.rsqrt(tf.add(variance, VARIANCE_FLOOR)));
  });
}
