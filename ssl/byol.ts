import { cosineRamp, defineSsl, leastBatch, projectionHead, tf, withoutGradient, z } from '../src/index.js';
import { cosineToOther, relativeSpread } from './parts/other-view.js';
import { teacherStudent } from './parts/teacher-student.js';

const options = z.strictObject({
  projection: z
    .array(z.number().int().positive())
    .min(1)
    .default([4096, 256])
    .describe('sizes of the projector, batch-normalised but for the last'),
  predictorSize: z.number().int().positive().default(4096).describe('hidden layer of the predictor'),
  emaMomentum: z.number().min(0).max(1).default(0.996).describe('at the start; 1 at the end, along a cosine'),
});

/**
 * Bootstrap your own latent (Grill et al. 2020): from one crop the student predicts the teacher's projection of the other. Nothing
 * pushes utterances apart; that the networks do not agree on one point rests on the predictor and the slow teacher. Batch
 * normalisation is over both crops.
 */
export default defineSsl({
  name: 'byol',
  summary: "Predicts an EMA teacher's projection of the other crop; no negatives (Grill et al. 2020).",
  options,
  views: () => ({ global: 2, local: 0 }),
  check: (_, { batch }) => leastBatch(batch, 2, 'byol: batch normalisation needs'),
  build({ options: { projection, predictorSize, emaMomentum }, ...context }) {
    const { student, teacher, networks, follow } = teacherStudent(context, (scope, inputs) =>
      projectionHead(scope, { inputs, sizes: projection }),
    );
    const predictorScope = context.scope('predictor');
    const projected = projection.at(-1)!;
    const predict = projectionHead(predictorScope, { inputs: projected, sizes: [predictorSize, projected] });

    return {
      trained: [...student.weights, ...predictorScope.params()],
      networks,

      schedule: ({ step, steps }) => ({ momentum: cosineRamp(emaMomentum, 1, step / steps) }),

      loss({ global }) {
        const targets = withoutGradient(() => teacher.head(teacher.embed(global)));
        const embeddings = student.embed(global);
        const projections = student.head(embeddings);
        const cosine = cosineToOther(predict(projections), targets);
        return {
          // The squared distance of unit vectors is 2 - 2 cosine; both directions are added.
          loss: tf.sub(4, tf.mul(cosine, 4)),
          metrics: { cosine, projectionSpread: relativeSpread(projections) },
          embeddings,
        };
      },

      afterStep: ({ momentum }) => follow(momentum),
    };
  },
});
