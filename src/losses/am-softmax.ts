import { defineLoss } from '../index.js';
import { marginSoftmax, marginSoftmaxOptions } from './parts/margin-softmax.js';

/** Additive margin softmax (Wang et al. 2018): the target's cosine is lowered by `margin`, cosines are scaled. */
export default defineLoss({
  name: 'am-softmax',
  summary: 'Additive margin softmax (CosFace) over class prototypes.',
  options: marginSoftmaxOptions(2, 'taken from the cosine'),
  build: marginSoftmax('cosface'),
});
