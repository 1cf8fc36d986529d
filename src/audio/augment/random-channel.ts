import { withoutGradient } from '../../engine/autodiff.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { channelCurve, noiseCurve } from './curves.js';
import { type RowDraw, rowDraw } from './draw.js';
import type { AugmentOptions } from './options.js';
import { type RowSpectra, rowSpectra } from './spectra.js';

export { type AugmentOptions, augmentOptions } from './options.js';

const LN_PER_DB = Math.LN10 / 20;

/**
 * Sends each row of `wave` through a random recording of its own: smooth filter, band limit, coloured noise, gain.
 * The noise stands in the stated ratio to the filtered signal, both measured over the row; a silent row stays silent.
 * @param wave [batch, samples] float32 on int16 scale
 * @param name prefix of the random draws, unique in the compiled function, which needs an input `step`
 * @returns as `wave`; no gradient flows through
 */
export function augment(wave: Tensor, options: AugmentOptions, name: string): Tensor {
  const { filter, bandLimit, noise, gain } = options;
  return withoutGradient(() => {
    const [rows, samples] = wave.shape as [number, number];
    const draw = rowDraw(rows, name);
    const spectra = rowSpectra(rows, samples, options.sampleRateHz);
    const filtered = filter.probability > 0 || bandLimit.probability > 0;
    const channel = filtered ? channelCurve(spectra.groupHz, options, draw) : undefined;
    const signal = channel ? spectra.shaped(spectra.of(wave), tf.exp(channel)) : wave;
    const noisy = noise.probability > 0 ? withNoise(signal, spectra, channel, noise, draw) : signal;
    return gain.probability > 0 ? tf.mul(noisy, gainFactor(gain, draw)) : noisy;
  });
}

function withNoise(
  signal: Tensor,
  spectra: RowSpectra,
  channel: Tensor | undefined,
  options: AugmentOptions['noise'],
  draw: RowDraw,
): Tensor {
  const through = draw.chance('noise-through-channel', options.throughChannel);
  const colour = noiseCurve(spectra.groupHz, options, draw);
  const curve = channel ? tf.add(colour, tf.mul(channel, through)) : colour;
  const noise = spectra.shaped(spectra.white(`${draw.name}/noise`), tf.exp(curve));
  const snr = tf.exp(tf.mul(draw.uniform('snr', options.snrDb), -LN_PER_DB));
  const ratio = tf.sqrt(tf.div(power(signal), tf.add(power(noise), 1e-30)));
  return tf.add(signal, tf.mul(noise, tf.mul(ratio, tf.mul(snr, draw.chance('noise-added', options.probability)))));
}

const gainFactor = ({ db, probability }: AugmentOptions['gain'], draw: RowDraw): Tensor =>
  tf.exp(tf.mul(tf.mul(draw.uniform('gain-db', db), LN_PER_DB), draw.chance('gain', probability)));

const power = (rows: Tensor): Tensor => tf.mean(tf.square(rows), 1, true);
