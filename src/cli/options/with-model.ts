import type { Extractor } from '../../embed/extract.js';
import type { Model } from '../../embed/model-file.js';
import { modelName } from '../../embed/weights-identity.js';
import { voxloopVersion } from '../../pipeline/run/version.js';
import { type ModelRunOptions, openModel } from '../../tools/open-model.js';

/**
 * Opens a model folder on a device for `act`, and closes it whatever happens. Without a folder it is the model that comes with voxloop, and
 * a line on standard error says so, except for programs (`json`).
 */
export async function withModel<T>(
  dir: string | undefined,
  { json, ...options }: ModelRunOptions & { json?: boolean },
  act: (extractor: Extractor, model: Model) => Promise<T>,
): Promise<T> {
  const { model, extractor, close } = await openModel(dir, options);
  try {
    if (dir === undefined && !json) process.stderr.write(`model: ${packagedName(model)}; --model names another\n`);
    return await act(extractor, model);
  } finally {
    await close();
  }
}

const packagedName = ({ info }: Pick<Model, 'info'>) =>
  `${modelName(info)}, which comes with voxloop ${voxloopVersion()}`;
