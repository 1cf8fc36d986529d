import { defineLoss } from '../index.js';
import { marginSoftmax, marginSoftmaxOptions } from './parts/margin-softmax.js';

/**
 * Additive angular margin softmax (Deng et al. 2019): the target's angle is widened by `margin`, cosines are scaled.
 * Where the widened angle would pass pi, the cosine is shifted by a constant instead, so that it goes on falling.
 */
export default defineLoss({
  name: 'aam-softmax',
  summary: 'Additive angular margin softmax (ArcFace) over class prototypes.',
  options: marginSoftmaxOptions(Math.PI, 'radians'),
  build: marginSoftmax('arcface'),
});
