import type { DescribedModel } from '../../embed/described-model.js';
import type { Extractor } from '../../embed/extractor.js';
import { type ModelRunOptions, openModel } from '../../tools/open-model.js';

/** Opens a model for `act`, and closes it whatever happens. */
export async function withModel<T>(
  dir: string,
  options: ModelRunOptions,
  act: (extractor: Extractor, model: DescribedModel) => Promise<T>,
): Promise<T> {
  const { model, extractor, close } = await openModel(dir, options);
  try {
    return await act(extractor, model);
  } finally {
    await close();
  }
}
