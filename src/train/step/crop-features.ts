import type { RowChange } from '../../audio/augment/choice.js';
import { changeSpeed } from '../../audio/augment/speed.js';
import { type FeatureDefinition, features, normalised } from '../../audio/features/features.js';
import { toFloat32 } from '../../engine/raw.js';
import { type Tensor, tf } from '../../engine/tf.js';

/** The way from crops to the network's input. */
export interface CropView {
  features: FeatureDefinition;
  /** Applied in order to waveforms [rows, samples] on int16 scale; random draws are named below `name`. */
  augmentations: RowChange[];
  /** Applied in order to features [rows, frames, bins]. Default: none. */
  featureChanges?: RowChange[];
}

/** The same without augmentation. */
export const cleanView = ({ features: definition }: CropView): CropView => ({
  features: definition,
  augmentations: [],
});

/** Crops [rows, longer] at the speeds that `index` [rows] names: [rows, samples] (float32); see speedCropSamples. */
export function playedAt(crops: Tensor, index: Tensor, speeds: readonly number[]): Tensor {
  // Undoes the rounding up of speedCropSamples; with a margin, for a product that ought to be whole may be a hair below.
  const samples = Math.floor(crops.shape[1]! / Math.max(...speeds) + 1e-6);
  return changeSpeed(toFloat32(crops), index, samples, speeds);
}

/**
 * PCM16 crops [rows, samples] (int16), or crops of stored features [rows, frames, bins] (float32), to the network's input
 * [rows, frames, bins]; random draws are named below `name`.
 */
export const cropsToFeatures = (crops: Tensor, view: CropView, name: string): Tensor =>
  crops.rank === 3
    ? changedFeatures(normalised(crops, view.features), view, name)
    : waveToFeatures(augmented(toFloat32(crops), view, name), view, name);

/** Waveforms [rows, samples] with a draw of the view's augmentations for each row. */
function augmented(wave: Tensor, { augmentations }: CropView, name: string): Tensor {
  return augmentations.reduce((changed, apply, i) => apply(changed, `${name}/augmentation${i}`), wave);
}

const waveToFeatures = (wave: Tensor, view: CropView, name: string): Tensor =>
  changedFeatures(features(wave, view.features, { name, dither: true }), view, name);

function changedFeatures(plain: Tensor, { featureChanges = [] }: CropView, name: string): Tensor {
  return featureChanges.reduce((changed, apply, i) => apply(changed, `${name}/features${i}`), plain);
}

/**
 * As `cropsToFeatures`, crop-major, with a twin of each utterance's second crop: the same audio under the augmentation that the first
 * crop drew. To the augmentations the two are one recording: the first crop followed by the twin.
 * `twins` [batch, frames, bins].
 */
export function cropsWithTwins(
  crops: Tensor,
  batch: number,
  view: CropView,
  name: string,
): { global: Tensor; twins: Tensor } {
  const [rows, samples] = crops.shape;
  const wave = toFloat32(crops);
  const part = (from: number, to: number) => tf.slice(wave, [from, 0], [to - from, samples]);
  const shared = augmented(tf.concat([part(0, batch), part(batch, 2 * batch)], 1), view, `${name}/shared`);
  const [first, twins] = tf.split(shared, 2, 1);
  const others = augmented(part(batch, rows), view, name);
  const all = waveToFeatures(tf.concat([first, others, twins], 0), view, name);
  const [frames, bins] = all.shape.slice(1);
  const cut = (from: number, count: number) => tf.slice(all, [from, 0, 0], [count, frames, bins]);
  return { global: cut(0, rows), twins: cut(rows, batch) };
}
