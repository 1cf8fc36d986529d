import type { Extractor } from '../../embed/extract.js';
import type { Model } from '../../embed/model-file.js';
import { type ModelRunOptions, openModel } from '../../tools/open-model.js';

/** Opens a model folder on a device for `act`, and closes it whatever happens. */
export async function withModel<T>(
  dir: string,
  options: ModelRunOptions,
  act: (extractor: Extractor, model: Model) => Promise<T>,
): Promise<T> {
  const { model, extractor, close } = await openModel(dir, options);
  try {
    return await act(extractor, model);
  } finally {
    await close();
  }
}
