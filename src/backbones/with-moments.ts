import {
  defineBackbone,
  embedWithMoments,
  matMul,
  momentCount,
  pluginChoice,
  type Scope,
  type Tensor,
  tf,
  unit,
  z,
} from '../index.js';

/**
 * A network whose embedding is followed by moments of its layers, each part normalised by an affine map and scaled to a length of its own:
 * the cosine of two such vectors is the weighted mean of the parts' cosines. What the stage `append-moments` makes; gradients do not train
 * the maps.
 */
export default defineBackbone({
  name: 'with-moments',
  summary:
    'Another backbone, with normalised moments of its layers behind its embedding; see the stage append-moments.',
  options: z.strictObject({
    of: pluginChoice('backbone').describe('the backbone; its weights keep their names'),
    parts: z
      .array(
        z.strictObject({
          layers: z.array(z.string()).min(1).describe('layers of frames, by name; features: the input'),
          weight: z.number().positive().describe("the part's cosine counts so much beside the embedding's"),
        }),
      )
      .min(1),
  }),
  build({ scope, bins, options, of }) {
    const network = of!(scope);
    const layers = new Set(options.parts.flatMap((part) => part.layers));
    const parts = options.parts.map(({ layers: names, weight }, i) => {
      const size = names.reduce((sum, name) => sum + momentCount(network, bins, name), 0);
      return { names, weight, size, normalise: affineMap(scope.child(`moments${i + 1}`), size) };
    });
    return {
      ...network,
      embeddingSize: parts.reduce((sum, { size }) => sum + size, network.embeddingSize),
      embed(features, pass) {
        const { embedding, moments } = embedWithMoments(network, features, pass, layers);
        const vectors = parts.map(({ names, weight, normalise }) => {
          const chosen = names.map((name) => moments.get(name)!);
          return tf.mul(unit(normalise(chosen.length === 1 ? chosen[0] : tf.concat(chosen, 1)), 1), Math.sqrt(weight));
        });
        return tf.concat([unit(embedding, 1)].concat(vectors), 1);
      },
    };
  },
});

/** x -> matrix (x - mean), of vectors [batch, size]; kept with the weights and not trained. */
function affineMap(scope: Scope, size: number): (x: Tensor) => Tensor {
  const mean = scope.buffer('mean', [size], 0);
  const matrix = scope.buffer('matrix', [size, size], 0);
  return (x) => matMul(tf.sub(x, mean.read()), matrix.read(), false, true);
}
