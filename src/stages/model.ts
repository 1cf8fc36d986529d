import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { sourceStamp } from '../data/corpus/source-stamp.js';
import { MODEL_FILE, readModel, whereModelsAre, writeModel } from '../embed/model-file.js';
import { weightsIdentity } from '../embed/weights-identity.js';
import { defineStage } from '../plugin/define.js';
import { modelResult, networkDir } from './artifacts/model-artifact.js';

/** The options of the stage. */
export const modelOptions = z.strictObject({
  path: z.string().describe('model folder, such as one that `voxloop import` wrote'),
});

const NETWORK = 'network';

/** A model from outside of the run: other stages embed with it or start from it, as from one of the run's own. */
export default defineStage({
  name: 'model',
  summary: 'Opens a model folder: imported, or of another run.',
  options: modelOptions,
  result: modelResult.extend({ origin: z.string(), digest: z.string() }),
  produces: 'model',
  sources: ({ path }) => sourceStamp([join(path, MODEL_FILE)]),
  check: (_context, { path }) =>
    existsSync(join(path, MODEL_FILE))
      ? []
      : [
          `${resolve(path)} holds no model (${MODEL_FILE}); set the model stage's 'path' to one. ${whereModelsAre(path)}`,
        ],
  async run({ dir }, { path }) {
    const { info, weights, mean, packed } = readModel(path);
    const { format: _, ...description } = info;
    writeModel(networkDir({ dir }, NETWORK), description, weights, mean, packed);
    return { networks: [NETWORK], origin: info.origin, digest: weightsIdentity({ info, weights }).digest };
  },
});
