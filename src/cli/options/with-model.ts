import type { DescribedModel } from '../../embed/described-model.js';
import type { Extractor } from '../../embed/extractor.js';
import { modelName } from '../../embed/weights-identity.js';
import { voxloopVersion } from '../../pipeline/run/version.js';
import { type ModelRunOptions, openModel } from '../../tools/open-model.js';

/**
 * Opens a model for `act`, and closes it whatever happens. Without a path it is the model that comes with voxloop, and a line on standard
 * error says so, except for programs (`json`).
 */
export async function withModel<T>(
  path: string | undefined,
  { json, ...options }: ModelRunOptions & { json?: boolean },
  act: (extractor: Extractor, model: DescribedModel) => Promise<T>,
): Promise<T> {
  const { model, extractor, close } = await openModel(path, options);
  try {
    if (path === undefined && !json) process.stderr.write(`model: ${packagedName(model)}; --model names another\n`);
    return await act(extractor, model);
  } finally {
    await close();
  }
}

const packagedName = ({ info }: Pick<DescribedModel, 'info'>) =>
  `${modelName(info)}, which comes with voxloop ${voxloopVersion()}`;
