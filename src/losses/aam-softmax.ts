import { defineLoss } from '../index.js';
import { hasMarginSoftmax, marginSoftmax, marginSoftmaxOptions } from './parts/margin-softmax.js';

/**
 * Additive angular margin softmax: the target's angle is widened by `margin`, cosines are scaled. Where the widened angle would
 * pass pi, the cosine is shifted by a constant instead, so that it goes on falling.
 *
 * J. Deng, J. Guo, N. Xue, S. Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019,
 * arXiv:1801.07698.
 */
export default defineLoss({
  name: 'aam-softmax',
  summary: 'Additive angular margin softmax (ArcFace) over class prototypes.',
  options: marginSoftmaxOptions(Math.PI, 'radians'),
  hasMargin: hasMarginSoftmax,
  build: marginSoftmax('arcface'),
});
