import {
  type Backbone,
  backboneOptions,
  checkpointed,
  type Layer,
  maskTime,
  relu,
  stridedPass,
  tf,
  z,
} from '../../index.js';
import { headLayer, type MapContext, stemLayer } from './ends.js';

/** Options of a network of blocks one behind the other: its memory can be cut every few of them. */
export const plainOptions = z.strictObject({
  ...backboneOptions({ width: 32, embeddingSize: 256 }),
  checkpointing: z
    .union([z.boolean(), z.int().min(1)])
    .default(false)
    .describe(
      'keep only the inputs of blocks and compute the rest again in the backward pass; a number: the input of every so many blocks',
    ),
});

/** A part of a network and its stride in time. */
export interface StridedLayer {
  layer: Layer;
  stride: number;
}

/**
 * Stem, `layers` one behind the other, head over their last `channels` and `rows` of frequency. With `checkpointing` k the input of every
 * k-th is kept, the stem being the first; the backward pass computes k of them again at a time.
 */
export function plainNetwork(
  context: MapContext,
  layers: readonly StridedLayer[],
  { rows, channels }: { rows: number; channels: number },
): Backbone {
  const { scope, options } = context;
  const stem = { layer: stemLayer(scope, options.width), stride: 1 };
  const every = Number(options.checkpointing);
  const parts = [stem, ...layers];
  const sequence =
    every === 0 ? parts : groupsOf(parts, every).map(({ layer, stride }) => ({ layer: checkpointed(layer), stride }));
  const head = headLayer(context, rows, channels);
  const stages = stageEnds(parts);
  return {
    embeddingSize: options.embeddingSize,
    minFrames: layers.reduce((product, { stride }) => product * stride, 1),
    maps: [...stages.values()],
    embed(features, pass) {
      let [x, at] = [features, pass];
      // Whoever listens to maps wants those between the layers of a group, too.
      for (const [i, { layer, stride }] of (pass.tapMap ? parts : sequence).entries()) {
        x = layer(x, at);
        at = stridedPass(at, stride);
        const stage = stages.get(i);
        if (pass.tapMap && stage !== undefined) pass.tapMap(stage, x);
      }
      return head(x, at);
    },
  };
}

/** The names of stages by the number of their last part: a stride begins one. */
function stageEnds(parts: readonly StridedLayer[]): Map<number, string> {
  const ends = [...parts.keys()].filter((i) => i === parts.length - 1 || parts[i + 1].stride > 1);
  return new Map(ends.map((part, i) => [part, `stage${i + 1}`]));
}

/** Layers in sequence, `size` of them as one. */
function groupsOf(layers: readonly StridedLayer[], size: number): StridedLayer[] {
  return Array.from({ length: Math.ceil(layers.length / size) }, (_, i) => {
    const group = layers.slice(i * size, (i + 1) * size);
    return {
      stride: group.reduce((product, { stride }) => product * stride, 1),
      layer(x, pass) {
        let [y, at] = [x, pass];
        for (const { layer, stride } of group) {
          y = layer(y, at);
          at = stridedPass(at, stride);
        }
        return y;
      },
    };
  });
}

/** The sum of a residual function and a shortcut (the input itself where there is none), rectified. */
export function residualBlock(residual: Layer, stride = 1, shortcut: Layer = (x) => x): Layer {
  return (x, pass) => {
    const sum = tf.add(residual(x, pass), shortcut(x, pass));
    return relu(maskTime(sum, stridedPass(pass, stride)));
  };
}
