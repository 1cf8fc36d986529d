import {
  anyLength,
  type Backbone,
  batchNormLayer,
  checkpointed,
  convLayer,
  type Layer,
  maskTime,
  relu,
  type Scope,
  type Streams,
  stridedPass,
  type Tensor,
  tf,
} from '../../index.js';
import { headLayer } from './ends.js';
import {
  type ReversibleContext,
  type ReversibleStage,
  reversibleBlocks,
  sequence,
  stemLayers,
} from './reversible-blocks.js';

/** Reversible blocks behind a layer that is not. */
export interface TransitionStage extends ReversibleStage {
  /** Of a stream. */
  channels: number;
  /** Creates the layer in front of the blocks, once for each stream; none where the shape does not change. */
  transition?(scope: Scope): { layer: Layer; stride: number };
}

/**
 * A network of reversible stages with ordinary strided layers between, which treat the two streams apart; at the end the streams
 * are added. For the backward pass it keeps the features and, of each stage, the last map and what its transition keeps. With
 * `checkpointing` a transition keeps its input only.
 */
export function partiallyReversible(context: ReversibleContext, stages: readonly TransitionStage[]): Backbone {
  const { scope, bins, options } = context;
  const stems = stemLayers(context);
  const parts = stages.map((stage, i) => {
    const at = scope.child(`stage${i + 1}`);
    const before = stage.transition && bothStreams(at.child('transition'), stage.transition, options.checkpointing);
    return { before, trunk: sequence(reversibleBlocks(at, stage), options) };
  });
  const shrinking = parts.reduce((product, { before }) => product * (before?.stride ?? 1), 1);
  const head = headLayer(context, Math.ceil(bins / shrinking), stages[stages.length - 1].channels);
  return {
    embeddingSize: options.embeddingSize,
    minFrames: shrinking,
    embed(features, pass) {
      let at = pass;
      let streams = stems(features, at);
      for (const { before, trunk } of parts) {
        if (before) {
          streams = streams.map((x, i) => before.layers[i](x, at)) as Streams;
          at = stridedPass(at, before.stride);
        }
        streams = trunk(streams, at);
      }
      return head(relu(tf.add(...streams)), at);
    },
  };
}

function bothStreams(scope: Scope, create: NonNullable<TransitionStage['transition']>, checkpointing: boolean) {
  const transitions = [1, 2].map((i) => create(scope.child(`stream${i}`)));
  const layers = transitions.map(({ layer }) => (checkpointing ? checkpointed(layer) : layer));
  return { stride: transitions[0].stride, layers };
}

/** A 3x3 convolution of stride 2, normalised and, by default, rectified. */
export function convTransition(
  scope: Scope,
  { inputs, outputs, rectified = true }: { inputs: number; outputs: number; rectified?: boolean },
): { layer: Layer; stride: number } {
  const conv = convLayer(scope.child('conv'), { inputs, outputs, kernel: [3, 3], stride: [2, 2] });
  const layer = normalised(scope, outputs, conv, 2);
  return { layer: rectified ? (x, pass) => relu(layer(x, pass)) : layer, stride: 2 };
}

/**
 * A 1x1 convolution, normalised and rectified, of the means over 2x2 squares where the stride is 2: a strided one would not see three of
 * four values.
 */
export function meanTransition(
  scope: Scope,
  inputs: number,
  outputs: number,
  stride: 1 | 2,
): { layer: Layer; stride: number } {
  const conv = convLayer(scope.child('conv'), { inputs, outputs, kernel: [1, 1] });
  const layer = normalised(scope, outputs, stride === 1 ? conv : (x) => conv(squareMeans(x)), stride);
  return { layer: (x, pass) => relu(layer(x, pass)), stride };
}

function normalised(scope: Scope, channels: number, conv: (x: Tensor) => Tensor, stride: number): Layer {
  const norm = batchNormLayer(scope.child('norm'), channels);
  return (x, pass) => maskTime(norm(conv(x), pass), stridedPass(pass, stride));
}

/** Odd sizes are filled up with zeros, like the frames beyond a row's length: a mean does not depend on the padding. */
function squareMeans(x: Tensor): Tensor {
  const [, time, frequency] = x.shape as number[];
  const zeros: [number, number][] = [
    [0, 0],
    [0, time % 2],
    [0, frequency % 2],
    [0, 0],
  ];
  const even = anyLength() || time % 2 || frequency % 2 ? tf.pad(x, zeros) : x;
  return tf.avgPool(even as ReturnType<typeof tf.tensor4d>, 2, 2, 'valid');
}
