import type { BatchNorm } from './batch-norm.js';
import type { ConvLayer } from './conv.js';
import type { Layer } from './layer.js';

/** A convolution followed by batch normalisation; in inference one convolution, with the normalisation folded into its weights. */
export function normalisedConv(conv: ConvLayer, norm: BatchNorm): Layer {
  return (x, pass) => {
    if (pass.training) return norm(conv(x), pass);
    const { scale, offset } = norm.folded();
    return conv.affine(x, scale, offset);
  };
}
