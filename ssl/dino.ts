import { defineSsl, leastBatch, z } from '../src/index.js';
import { dinoMethod, dinoOptions } from './parts/dino-method.js';

/**
 * Self-distillation without labels (Caron et al. 2021), as speaker recognition uses it (Han et al. 2022; Chen et al.
 * 2023).
 */
export default defineSsl({
  name: 'dino',
  summary: 'Teacher-student self-distillation over global and local crops, EMA teacher, centred and sharpened targets.',
  options: z.strictObject(dinoOptions),
  views: ({ globalCrops, localCrops }) => ({ global: globalCrops, local: localCrops }),
  check: (_, { batch }) => leastBatch(batch, 2, 'dino: batch normalisation needs'),
  build: (context) => dinoMethod(context),
});
