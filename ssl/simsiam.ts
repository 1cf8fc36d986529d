import { defineSsl, leastBatch, projectionHead, stopGradient, tf, z } from '../src/index.js';
import { cosineToOther, relativeSpread } from './parts/other-view.js';
import { projectionSizes } from './parts/projection.js';

const options = z.strictObject({
  projection: projectionSizes([2048, 2048, 2048], 'sizes of the projector, batch-normalised', 1),
  bottleneckSize: z.number().int().positive().default(512).describe('hidden layer of the predictor'),
});

/**
 * SimSiam: the prediction from each crop is to match the projection of the other, through which no gradient flows. The
 * projector ends in a batch normalisation without scale and offset; statistics are over both crops.
 *
 * X. Chen, K. He, "Exploring Simple Siamese Representation Learning", CVPR 2021, arXiv:2011.10566.
 */
export default defineSsl({
  name: 'simsiam',
  summary: "Predicts the other crop's projection behind a stop-gradient; no negatives, no teacher (Chen and He 2021).",
  options,
  views: () => ({ global: 2, local: 0 }),
  manyWorkers: true,
  check: (_, { batch }) => leastBatch(batch, 2, 'simsiam: batch normalisation needs'),
  build({ options: { projection, bottleneckSize }, backbone, scope }) {
    const network = backbone('student');
    const [projectorScope, predictorScope] = [scope('projector'), scope('predictor')];
    const projector = projectionHead(projectorScope, {
      inputs: network.embeddingSize,
      sizes: projection,
      lastNorm: 'plain',
    });
    const size = projection.at(-1)!;
    const predictor = projectionHead(predictorScope, { inputs: size, sizes: [bottleneckSize, size] });

    return {
      trained: [...network.scope.params(), ...projectorScope.params(), ...predictorScope.params()],
      networks: { student: network },

      loss({ global }) {
        const embeddings = network.embed(global, { training: true });
        const projections = projector(embeddings);
        const cosine = cosineToOther(predictor(projections), stopGradient(projections));
        return {
          loss: tf.neg(cosine),
          metrics: { cosine, projectionSpread: relativeSpread(projections) },
          embeddings,
        };
      },
    };
  },
});
