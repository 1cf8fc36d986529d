import {
  checkpointed,
  defineBackbone,
  type Layer,
  shortenedPass,
  type Tensor,
  tf,
  timeConvLayer,
  timeMean,
  unit,
  z,
} from '../index.js';

/**
 * The first d-vector: a network of four maxout layers over a window of frames, whose last hidden layer, of length 1 at every frame, is
 * averaged over the utterance. In training a crop of one window is a frame of the paper; longer crops are averaged first.
 *
 * E. Variani, X. Lei, E. McDermott, I. Lopez Moreno, J. Gonzalez-Dominguez, "Deep neural networks for small footprint text-dependent
 * speaker verification", ICASSP 2014.
 */
export default defineBackbone({
  name: 'dvector-frames',
  summary: 'The first d-vector: four maxout layers over 41 frames, averaged over the utterance (Variani et al. 2014).',
  options: z.strictObject({
    embeddingSize: z.number().int().positive().default(256).describe('units of each layer, and of the embedding'),
    layers: z.number().int().min(1).default(4),
    pieces: z.number().int().min(2).default(2).describe('linear pieces of a unit: it is the largest of them'),
    past: z.number().int().min(0).default(30).describe('frames before each one that the network sees'),
    future: z.number().int().min(0).default(10).describe('frames behind each one that it sees'),
    checkpointing: z
      .boolean()
      .default(false)
      .describe('keep only the inputs of layers and compute the rest again in the backward pass'),
  }),
  build({ scope, bins, options }) {
    const { embeddingSize: width, layers: count, pieces, past, future, checkpointing } = options;
    const context = past + 1 + future;
    const layers = Array.from({ length: count }, (_, i) => {
      const linear = timeConvLayer(scope.child(`layer${i + 1}`), {
        inputs: i === 0 ? bins : width,
        outputs: width * pieces,
        kernel: i === 0 ? context : 1,
        padding: 'valid',
        bias: true,
      });
      const layer: Layer = (x) => maxout(linear(x), pieces);
      return checkpointing ? checkpointed(layer) : layer;
    });
    return {
      embeddingSize: width,
      minFrames: context,
      embed(features, pass) {
        const hidden = layers.reduce((x, layer) => layer(x, pass), atLeast(context, features));
        return timeMean(unit(hidden, 2), shortenedPass(pass, context - 1));
      },
    };
  },
});

/** The largest of every unit's pieces, of `x` [batch, time, units * pieces]: [batch, time, units]. */
function maxout(x: Tensor, pieces: number): Tensor {
  const [batch, time, outputs] = x.shape as [number, number, number];
  return tf.max(tf.reshape(x, [batch, time, outputs / pieces, pieces]), 3);
}

/** Zeros behind what is shorter than a window. */
function atLeast(frames: number, features: Tensor): Tensor {
  const [batch, time, bins] = features.shape as [number, number, number];
  return time >= frames ? features : tf.concat([features, tf.zeros([batch, frames - time, bins])], 1);
}
