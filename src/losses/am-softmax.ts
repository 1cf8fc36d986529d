import { defineLoss } from '../index.js';
import { hasMarginSoftmax, marginSoftmax, marginSoftmaxOptions } from './parts/margin-softmax.js';

/**
 * Additive margin softmax: the target's cosine is lowered by `margin`, cosines are scaled.
 *
 * F. Wang, J. Cheng, W. Liu, H. Liu, "Additive Margin Softmax for Face Verification", IEEE Signal Processing Letters 2018,
 * arXiv:1801.05599; and H. Wang et al., "CosFace: Large Margin Cosine Loss for Deep Face Recognition", CVPR 2018, arXiv:1801.09414.
 */
export default defineLoss({
  name: 'am-softmax',
  summary: 'Additive margin softmax (CosFace) over class prototypes.',
  options: marginSoftmaxOptions(2, 'taken from the cosine'),
  hasMargin: hasMarginSoftmax,
  build: marginSoftmax('cosface'),
});
