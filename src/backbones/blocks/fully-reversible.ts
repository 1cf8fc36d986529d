import {
  anyLength,
  type Backbone,
  batchNormLayer,
  convLayer,
  maskTime,
  type Pass,
  relu,
  type Scope,
  type Streams,
  squeeze,
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

/**
 * A network that is reversible from stem to exit: two streams of `width` channels, a squeeze in front of each stage but the
 * first, which makes four channels of one, then one 1x1 convolution of both streams to `exit` channels. For the backward pass it
 * keeps the features and the last map. Time and frequency are padded with zeros to what the squeezes need.
 */
export function fullyReversible(
  context: ReversibleContext,
  stages: readonly ReversibleStage[],
  exit: number,
): Backbone {
  const { scope, bins, options } = context;
  const shrinking = 2 ** (stages.length - 1);
  const stems = stemLayers(context);
  const steps = stages.flatMap((stage, i) => {
    const blocks = reversibleBlocks(scope.child(`stage${i + 1}`), stage);
    return i === 0 ? blocks : [squeeze, ...blocks];
  });
  const trunk = sequence(steps, options);
  const merge = exitLayer(scope.child('exit'), options.width * shrinking ** 2, exit);
  const head = headLayer(context, Math.ceil(bins / shrinking), exit);
  return {
    embeddingSize: options.embeddingSize,
    minFrames: shrinking,
    embed(features, unpadded) {
      const { x, pass } = paddedTo(shrinking, features, unpadded);
      const streams = trunk(stems(x, pass), pass);
      const behind = stages.slice(1).reduce((at) => squeeze.pass(at), pass);
      return head(merge(streams, behind), behind);
    },
  };
}

/** Pads time and frequency with zeros to a multiple of `multiple`. Rows get explicit lengths where frames were added. */
function paddedTo(multiple: number, features: Tensor, pass: Pass): { x: Tensor; pass: Pass } {
  const [batch, frames, bins] = features.shape as number[];
  const [time, frequency] = [frames, bins].map((size) => Math.ceil(size / multiple) * multiple - size);
  const mayPad = time > 0 || anyLength();
  if (!mayPad && frequency === 0) return { x: features, pass };
  const x = tf.pad(features, [
    [0, 0],
    [0, time],
    [0, frequency],
  ]);
  return { x, pass: !mayPad || pass.lengths ? pass : { ...pass, lengths: tf.fill([batch], frames, 'int32') } };
}

/** 1x1 convolution of both streams, computed as the sum of two: side by side they would have to be copied. */
function exitLayer(scope: Scope, inputs: number, outputs: number) {
  const convs = [1, 2].map((i) => convLayer(scope.child(`stream${i}`), { inputs, outputs, kernel: [1, 1] }));
  const norm = batchNormLayer(scope.child('norm'), outputs);
  return ([x1, x2]: Streams, pass: Pass): Tensor =>
    relu(maskTime(norm(tf.add(convs[0](x1), convs[1](x2)), pass), pass));
}
