import { type SpeakerModel, speakerModel } from '../speakers/speaker-model.js';
import { type ModelRunOptions, openModel } from './open-model.js';

/**
 * Opens a model, a folder or a file of `voxloop export`, for the speaker tools, with its mean embedding and calibration; without a path, the
 * model that comes with voxloop (`packagedModel` says where it lies, `identity.name` what it is called).
 * @param path default: that of `packagedModel`
 * @param options `raw`: do not subtract the mean
 * @throws UserError when there is no model, what runs it is missing, the device cannot be used, or the calibration is of another model
 */
export async function openSpeakerModel(
  path?: string,
  { raw = false, ...options }: ModelRunOptions & { raw?: boolean } = {},
): Promise<SpeakerModel & { close(): Promise<void> }> {
  const { model, extractor, close } = await openModel(path, options);
  try {
    return { ...speakerModel(model, extractor, { raw }), close };
  } catch (error) {
    await close();
    throw error;
  }
}
