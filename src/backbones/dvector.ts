import {
  anyLength,
  checkpointed,
  defineBackbone,
  denseLayer,
  frameMask,
  type Layer,
  lstmLayer,
  type Pass,
  relu,
  type Tensor,
  tf,
  UserError,
  unit,
  z,
} from '../index.js';

const NO_EXPORT =
  'A d-vector averages windows, as many as a recording has room for, so its network is no one ONNX graph for all lengths. Run it with voxloop embed.';

/**
 * The d-vector network: layers of long short-term memory over windows of an utterance, a linear layer behind the last state, rectified, of
 * length 1; the embedding is the mean over the windows, of length 1 again. Sizes and windows are those of Resemblyzer, which are the
 * defaults: 1,420,544 parameters at 40 bins. A recording shorter than a window is one window of all its frames.
 *
 * L. Wan, Q. Wang, A. Papir, I. Lopez Moreno, "Generalized End-to-End Loss for Speaker Verification", ICASSP 2018, arXiv:1710.10467.
 */
export default defineBackbone({
  name: 'dvector',
  summary: 'd-vector: three LSTM layers over windows of 1.6 s, whose unit vectors are averaged (1.42 M parameters).',
  options: z.strictObject({
    width: z.number().int().positive().default(256).describe('units of each layer'),
    layers: z.number().int().positive().default(3),
    embeddingSize: z.number().int().positive().default(256),
    windowFrames: z.number().int().positive().default(160).describe('frames of a window'),
    hopFrames: z.number().int().positive().default(77).describe('frames from one window to the next'),
    checkpointing: z
      .boolean()
      .default(false)
      .describe('keep only the inputs of layers and compute the rest again in the backward pass'),
  }),
  build({ scope, bins, options }) {
    const { width, layers: count, embeddingSize, checkpointing } = options;
    const layers = Array.from({ length: count }, (_, i) => {
      const recurrent = lstmLayer(scope.child(`layer${i + 1}`), { inputs: i === 0 ? bins : width, units: width });
      const layer: Layer = (x) => recurrent(x);
      return checkpointing ? checkpointed(layer) : layer;
    });
    const linear = denseLayer(scope.child('embedding'), { inputs: width, outputs: embeddingSize });
    return {
      embeddingSize,
      embed(features, pass) {
        if (anyLength()) throw new UserError(NO_EXPORT);
        const { windows, starts, frames } = windowsOf(features, options);
        const outputs = layers.reduce((x, layer) => layer(x, pass), windows);
        const states = lastStates(outputs, starts.length, pass);
        const vectors = tf.reshape(unit(relu(linear(states)), 1), [starts.length, -1, embeddingSize]);
        const counted = pass.lengths ? tf.mul(vectors, whole(starts, frames, pass.lengths)) : vectors;
        return unit(tf.sum(counted, 0), 1);
      },
    };
  },
});

interface Windowed {
  /** The first window of every row, then the second of every row, and so on. // [frames, windows * rows, bins] */
  windows: Tensor;
  /** The frame that each window begins with. */
  starts: number[];
  /** Frames of a window. */
  frames: number;
}

/** Windows over `features` [rows, time, bins]: all that fit, or everything where that is shorter than one. */
function windowsOf(features: Tensor, { windowFrames, hopFrames }: Record<'windowFrames' | 'hopFrames', number>) {
  const [rows, time, bins] = features.shape as [number, number, number];
  const frames = Math.min(windowFrames, time);
  const starts: number[] = [];
  for (let start = 0; start + frames <= time; start += hopFrames) starts.push(start);
  const parts = starts.map((start) => tf.slice(features, [0, start, 0], [rows, frames, bins]));
  return { windows: tf.transpose(tf.concat(parts, 0), [1, 0, 2]), starts, frames } satisfies Windowed;
}

/**
 * The state at the end of each window, or of the row where that is shorter: [windows * rows, units], out of `outputs`
 * [frames, windows * rows, units].
 */
function lastStates(outputs: Tensor, windows: number, { lengths }: Pass): Tensor {
  const [frames, all, units] = outputs.shape as [number, number, number];
  if (!lengths) return tf.reshape(tf.slice(outputs, [frames - 1, 0, 0], [1, all, units]), [all, units]);
  const upTo = (count: Tensor) => frameMask(count, frames, 3);
  const ends = tf.minimum(lengths, tf.scalar(frames, 'int32'));
  const isEnd = tf.sub(upTo(ends), upTo(tf.sub(ends, tf.scalar(1, 'int32'))));
  return tf.sum(tf.mul(outputs, tf.transpose(tf.tile(isEnd, [windows, 1, 1]), [1, 0, 2])), 0);
}

/** 1 for the windows that end within a row of `lengths` [rows] frames, and for the first one: [windows, rows, 1]. */
function whole(starts: readonly number[], frames: number, lengths: Tensor): Tensor {
  const ends = tf.tensor2d(
    starts.map((start) => [start === 0 ? 0 : start + frames]),
    [starts.length, 1],
    'int32',
  );
  return tf.expandDims(tf.cast(tf.lessEqual(ends, tf.expandDims(lengths, 0)), 'float32'), 2);
}
