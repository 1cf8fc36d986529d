import { defineAugmentation, specAugment, specAugmentOptions } from '../index.js';

/** SpecAugment (Park et al. 2019) without time warping. */
export default defineAugmentation({
  name: 'spec-augment',
  summary: 'Masks a stripe of frames and a stripe of bins of the features (SpecAugment, Park et al. 2019).',
  options: specAugmentOptions,
  features: (features, { name, options }) => specAugment(features, options, name),
});
