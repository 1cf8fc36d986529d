import { cosineRamp, defineSsl, leastBatch, projectionHead, tf, withoutGradient, z } from '../src/index.js';
import { cosineToOther, relativeSpread } from './parts/other-view.js';
import { projectionSizes } from './parts/projection.js';
import { teacherStudent } from './parts/teacher-student.js';

const options = z.strictObject({
  projection: projectionSizes([4096, 256], 'sizes of the projector, batch-normalised except for the last', 1),
  predictorSize: z.number().int().positive().default(4096).describe('hidden layer of the predictor'),
  emaMomentum: z
    .number()
    .min(0)
    .max(1)
    .default(0.996)
    .describe('momentum of the teacher at the start; rises to 1 along a cosine'),
});

/**
 * BYOL: from one crop the student (the paper's online network) predicts the teacher's (the target network's) projection of the
 * other. Nothing pushes utterances apart; what keeps the networks from agreeing on a single point is the predictor and the
 * slow teacher. Batch normalisation is over both crops.
 *
 * J.-B. Grill et al., "Bootstrap Your Own Latent: A New Approach to Self-Supervised Learning", NeurIPS 2020, arXiv:2006.07733.
 */
export default defineSsl({
  name: 'byol',
  summary: "Predicts an EMA teacher's projection of the other crop; no negatives (Grill et al. 2020).",
  options,
  views: () => ({ global: 2, local: 0 }),
  manyWorkers: true,
  check: (_, { batch }) => leastBatch(batch, 2, 'byol: batch normalisation needs'),
  build({ options: { projection, predictorSize, emaMomentum }, ...context }) {
    const { student, teacher, networks, updateTeacher } = teacherStudent(context, (scope, inputs) =>
      projectionHead(scope, { inputs, sizes: projection }),
    );
    const predictorScope = context.scope('predictor');
    const size = projection.at(-1)!;
    const predictor = projectionHead(predictorScope, { inputs: size, sizes: [predictorSize, size] });

    return {
      trained: [...student.weights, ...predictorScope.params()],
      networks,

      schedule: ({ step, steps }) => ({ momentum: cosineRamp(emaMomentum, 1, step / steps) }),

      loss({ global }) {
        const targets = withoutGradient(() => teacher.head(teacher.embed(global)));
        const embeddings = student.embed(global);
        const projections = student.head(embeddings);
        const cosine = cosineToOther(predictor(projections), targets);
        return {
          // The squared distance of unit vectors is 2 - 2 cosine; both directions are added.
          loss: tf.sub(4, tf.mul(cosine, 4)),
          metrics: { cosine, projectionSpread: relativeSpread(projections) },
          embeddings,
        };
      },

      afterStep: ({ momentum }) => updateTeacher(momentum),
    };
  },
});
