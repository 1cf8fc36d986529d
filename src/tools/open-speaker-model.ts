import { type SpeakerModel, speakerModel } from '../speakers/speaker-model.js';
import { type ModelRunOptions, openModel } from './open-model.js';

/**
 * Opens a model folder for the speaker tools, with its mean embedding and calibration; without a folder, the model that comes with voxloop
 * (`packagedModel` says where it lies, `identity.name` what it is called).
 * @param dir model folder; default: that of `packagedModel`
 * @param options `raw`: do not subtract the mean
 * @throws UserError when the folder holds no model, the device cannot be used, or the calibration is of another model
 */
export async function openSpeakerModel(
  dir?: string,
  { raw = false, ...options }: ModelRunOptions & { raw?: boolean } = {},
): Promise<SpeakerModel & { close(): Promise<void> }> {
  const { model, extractor, close } = await openModel(dir, options);
  try {
    return { ...speakerModel(model, extractor, { raw }), close };
  } catch (error) {
    await close();
    throw error;
  }
}
