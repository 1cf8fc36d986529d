import { defineSsl, leastBatch, projectionHead, stopGradient, tf, z } from '../src/index.js';
import { cosineToOther, relativeSpread } from './parts/other-view.js';

const options = z.strictObject({
  projection: z
    .array(z.number().int().positive())
    .min(1)
    .default([2048, 2048, 2048])
    .describe('sizes of the projector, batch-normalised'),
  bottleneckSize: z.number().int().positive().default(512).describe('hidden layer of the predictor'),
});

/**
 * Simple siamese network (Chen and He 2021): each crop's prediction is to match the other's projection, which the gradient does not
 * enter. The projector ends in a batch normalisation without scale and offset; statistics are over both crops.
 */
export default defineSsl({
  name: 'simsiam',
  summary: "Predicts the other crop's projection behind a stop-gradient; no negatives, no teacher (Chen and He 2021).",
  options,
  views: () => ({ global: 2, local: 0 }),
  check: (_, { batch }) => leastBatch(batch, 2, 'simsiam: batch normalisation needs'),
  build({ options: { projection, bottleneckSize }, backbone, scope }) {
    const network = backbone('student');
    const [projector, predictor] = [scope('projector'), scope('predictor')];
    const project = projectionHead(projector, {
      inputs: network.embeddingSize,
      sizes: projection,
      lastNorm: 'plain',
    });
    const projected = projection.at(-1)!;
    const predict = projectionHead(predictor, { inputs: projected, sizes: [bottleneckSize, projected] });

    return {
      trained: [...network.scope.params(), ...projector.params(), ...predictor.params()],
      networks: { student: network },

      loss({ global }) {
        const embeddings = network.embed(global, { training: true });
        const projections = project(embeddings);
        const cosine = cosineToOther(predict(projections), stopGradient(projections));
        return {
          loss: tf.neg(cosine),
          metrics: { cosine, projectionSpread: relativeSpread(projections) },
          embeddings,
        };
      },
    };
  },
});
