import type { Tensor } from '../../engine/tf.js';
import { tf } from '../../engine/tf.js';
import { maskTime, type Pass } from '../pass.js';
import type { Scope } from '../scope.js';
import { type ConvShape, convExtractor } from './conv-extractor.js';
import { frameDense } from './frame-dense.js';
import { layerNormLayer } from './layer-norm.js';
import { type PositionalShape, positionalConv } from './positional-conv.js';
import { type BucketShape, relativePositions } from './relative-positions.js';
import { type TransformerShape, transformerLayer } from './transformer.js';
import { waveOfFrames } from './wave-of-frames.js';

/** The sizes of a speech encoder. */
export interface EncoderShape extends Omit<TransformerShape, 'gated'> {
  layers: number;
  conv: ConvShape;
  /** Normalise the convolutions' frames in front of the projection. */
  projectionNorm: boolean;
  positions: Omit<PositionalShape, 'width'>;
  /** Gated numbers for distances, in WavLM. */
  relative?: BucketShape;
  /** Units of an adapter in each layer; 0: none. */
  adapter: number;
}

/** Frames of a waveform, after the projection and every layer. */
export interface SpeechEncoder {
  /** From 0, what goes into the first layer, to the number of layers; [batch, frames, width] each, zero beyond a row's length. */
  hidden(frames: Tensor, pass: Pass): Tensor[];
  /** What the transformer makes of projected frames, of which some may have been masked. */
  contextual(projected: Tensor, pass: Pass): Tensor[];
  /** The convolutions' frames, projected to the transformer's width. */
  projected(frames: Tensor, pass: Pass): Tensor;
}

/**
 * The network of wav2vec 2.0, HuBERT and WavLM from waveform frames [batch, frames, 400], cut every 320 samples, to the outputs of its layers:
 * convolutions, projection, positions, transformer. Adapters are built at `adapters`.
 * - A. Baevski, H. Zhou, A. Mohamed, M. Auli, "wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations", 2020,
 *   arXiv:2006.11477;
 * - W.-N. Hsu et al., "HuBERT: Self-Supervised Speech Representation Learning by Masked Prediction of Hidden Units", 2021, arXiv:2106.07447;
 * - S. Chen et al., "WavLM: Large-Scale Self-Supervised Pre-Training for Full Stack Speech Processing", 2021, arXiv:2110.13900.
 */
export function speechEncoder(scope: Scope, adapters: Scope, shape: EncoderShape): SpeechEncoder {
  const { width, heads, feedForward, normFirst, layers: count, relative } = shape;
  const extract = convExtractor(scope, shape.conv);
  const before = shape.projectionNorm ? layerNormLayer(scope.child('projection-norm'), shape.conv.channels) : undefined;
  const project = frameDense(scope.child('projection'), { inputs: shape.conv.channels, outputs: width });
  const place = positionalConv(scope.child('positions'), {
    width,
    kernel: shape.positions.kernel,
    groups: shape.positions.groups,
  });
  const norm = layerNormLayer(scope.child('norm'), width);
  const distances = relative && relativePositions(scope.child('relative'), heads, relative);
  const layers = Array.from({ length: count }, (_, i) =>
    transformerLayer(
      scope.child(`layer${i + 1}`),
      { width, heads, feedForward, normFirst, gated: relative !== undefined },
      { adapterScope: adapters.child(`layer${i + 1}`), units: shape.adapter },
    ),
  );
  const contextual = (projected: Tensor, pass: Pass): Tensor[] => {
    const inside = maskTime(projected, pass);
    const placed = tf.add(inside, place(inside)) as Tensor;
    const context = { lengths: pass.lengths, positions: distances?.(projected.shape[1]!) };
    const outputs = [normFirst ? placed : norm(placed)];
    for (const layer of layers) outputs.push(layer(outputs[outputs.length - 1], context));
    // Layers that normalise first leave their last sum as it is.
    if (normFirst) outputs[count] = norm(outputs[count]);
    return outputs.map((x) => maskTime(x, pass));
  };
  const projected = (frames: Tensor, pass: Pass): Tensor => {
    const features = extract(waveOfFrames(frames, pass), pass);
    return project(before ? before(features) : features);
  };
  return { hidden: (frames, pass) => contextual(projected(frames, pass), pass), contextual, projected };
}
