import { relu } from '../engine/ops/activations.js';
import { type Tensor, tf } from '../engine/tf.js';
import { batchNormLayer } from '../nn/batch-norm.js';
import { conditioningLayer } from '../nn/conditioning/conditioning.js';
import { timeConvLayer } from '../nn/conv.js';
import type { Pass } from '../nn/pass.js';
import type { Scope } from '../nn/scope.js';
import { BINS, blockInputs, blockName, dilationOf, KERNEL, type VoiceMaskShape } from './shape.js';

/** A network that hears which part of each frequency is one voice's, to be trained. */
export interface VoiceMaskNetwork {
  /**
   * @param magnitudes compressed, [batch, frames, BINS]
   * @param voice whose voice to follow [batch, embeddingSize]
   * @returns the share of each magnitude that is that voice's, in (0, 1). // [batch, frames, BINS]
   */
  mask(magnitudes: Tensor, voice: Tensor, pass: Pass): Tensor;
  /** The normalisations' affine maps in inference, [width] each, by the names of their layers. */
  folded(): Record<string, { scale: Tensor; offset: Tensor }>;
}

/**
 * Builds the network at a scope: a layer into its width, blocks of a conditioned convolution over time, a rectifier and batch normalisation
 * beside a way past them, and a mask. Conditioning every block is SpeakerBeam's adaptation of layers by the target's voice (Zmolikova et al.,
 * "SpeakerBeam: Speaker Aware Neural Network for Target Speaker Extraction in Speech Mixtures", 2019, doi:10.1109/JSTSP.2019.2922820), here by an
 * embedding of any model, as in VoiceFilter; the network is smaller than both, and has no recurrent layer.
 */
export function voiceMaskNetwork(scope: Scope, shape: VoiceMaskShape): VoiceMaskNetwork {
  const { width, blocks, conditioning, embeddingSize } = shape;
  const into = timeConvLayer(scope.child('into'), { inputs: BINS, outputs: width, kernel: 1, bias: true });
  const intoNorm = batchNormLayer(scope.child('into').child('norm'), width);
  const layers = Array.from({ length: blocks }, (_, i) => {
    const at = scope.child(blockName(i));
    const condition = conditioningLayer(at.child('condition'), conditioning, { size: embeddingSize, channels: width });
    const inputs = blockInputs(shape);
    const sizes = { inputs, outputs: width, kernel: KERNEL, dilation: dilationOf(i), bias: true };
    return { condition, conv: timeConvLayer(at, sizes), norm: batchNormLayer(at.child('norm'), width) };
  });
  const last = timeConvLayer(scope.child('last'), { inputs: width, outputs: BINS, kernel: 1, bias: true });
  return {
    mask(magnitudes, voice, pass) {
      const start = intoNorm(relu(into(magnitudes)), pass);
      const heard = layers.reduce(
        (x, { condition, conv, norm }) => tf.add(x, norm(relu(conv(condition.apply(x, voice, pass))), pass)),
        start,
      );
      return tf.sigmoid(last(heard));
    },
    folded: () =>
      Object.fromEntries(
        layers
          .map(({ norm }, i): [string, ReturnType<typeof norm.folded>] => [blockName(i), norm.folded()])
          .concat([['into', intoNorm.folded()]]),
      ),
  };
}
