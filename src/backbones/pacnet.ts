import {
  batchNormLayer,
  defineBackbone,
  denseLayer,
  type Layer,
  maskTime,
  type Pass,
  pluginChoice,
  relu,
  type Scope,
  type Tensor,
  tf,
  timeConvLayer,
  UserError,
  z,
} from '../index.js';

const KERNEL = 5;
/** Layers of each stem, in front of the one that joins nothing more. */
const STEM_LAYERS = 4;

/**
 * The phonetically aware coupled network: the features are acoustic bins, then phonetic ones (bottleneck features of a recogniser, say),
 * frame by frame. Four convolutions over each kind alone, and four over both, each but the first of which hears the other stems' outputs
 * beside its own; a fifth convolution, mean, and a linear layer. Meant for the triplet loss. Rectifier and normalisation stand behind every
 * convolution; neither they nor the kernel of the fifth are in the published table, and it has the others'.
 *
 * S. Zheng, Y. Lei, H. Suo, "Phonetically-Aware Coupled Network For Short Duration Text-Independent Speaker Verification", Interspeech 2020.
 */
export default defineBackbone({
  name: 'pacnet',
  summary: 'PacNet: coupled stems over acoustic and phonetic features, for the triplet loss (Zheng et al. 2020).',
  options: z.strictObject({
    acousticBins: z
      .number()
      .int()
      .positive()
      .default(40)
      .describe('the first bins of the features; the others are phonetic'),
    width: z
      .number()
      .int()
      .positive()
      .default(512)
      .describe('channels of the acoustic and the phonetic stem; the coupled one has twice as many'),
    embeddingSize: z.number().int().positive().default(1000),
    pooling: pluginChoice('pooling', 'tap'),
  }),
  build({ scope, bins, options: { acousticBins, width, embeddingSize }, pooling }) {
    if (bins <= acousticBins)
      throw new UserError(
        `pacnet: the features have ${bins} bins, and the first ${acousticBins} are acoustic: none is phonetic. Give features with phonetic ones ` +
          'behind them, such as 140 bins (40 and 100), or a smaller acousticBins.',
      );
    const phoneticBins = bins - acousticBins;
    const stem = (name: string, inputs: readonly number[], outputs: number) =>
      inputs.map((size, i) => convolution(scope.child(name).child(`layer${i + 1}`), size, outputs));
    const rest = Array.from({ length: STEM_LAYERS - 1 }, (_, i) => i);
    const acoustic = stem('acoustic', [acousticBins, ...rest.map(() => width)], width);
    const phonetic = stem('phonetic', [phoneticBins, ...rest.map(() => width)], width);
    const coupled = stem('coupled', [bins, ...rest.map(() => 4 * width)], 2 * width);
    const last = convolution(scope.child('layer5'), 4 * width, 2 * width);
    const { size, pool } = pooling(scope.child('pooling'), 2 * width);
    const embedding = denseLayer(scope.child('embedding'), { inputs: size, outputs: embeddingSize });
    return {
      embeddingSize,
      embed(features, pass) {
        const [heard, said] = tf.split(features, [acousticBins, phoneticBins], 2);
        const streams = acoustic.reduce<Streams>(
          ({ a, p, c, all }, layer, i) => {
            const next = { a: layer(a, pass), p: phonetic[i](p, pass), c: coupled[i](i === 0 ? c : all, pass) };
            return { ...next, all: tf.concat([next.c, next.a, next.p], 2) };
          },
          { a: heard, p: said, c: features, all: features },
        );
        return embedding(pool(last(streams.all, pass), pass));
      },
    };
  },
});

/** Outputs of the three stems, and all of them side by side. // [batch, frames, channels] */
interface Streams {
  a: Tensor;
  p: Tensor;
  c: Tensor;
  all: Tensor;
}

function convolution(scope: Scope, inputs: number, outputs: number): Layer {
  const conv = timeConvLayer(scope.child('conv'), { inputs, outputs, kernel: KERNEL });
  const norm = batchNormLayer(scope.child('norm'), outputs);
  return (x: Tensor, pass: Pass) => maskTime(norm(relu(conv(x)), pass), pass);
}
