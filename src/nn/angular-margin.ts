import { z } from 'zod';
import { stopGradient } from '../engine/autodiff.js';
import { type Tensor, tf } from '../engine/tf.js';
import { refuseIdle } from '../idle-options.js';

/** Options of a margin: how far a positive's cosine is lowered before the softmax. */
export const marginOptions = z
  .strictObject({
    kind: z
      .enum(['none', 'cosface', 'arcface'])
      .default('none')
      .describe('cosface: cos - value; arcface: cos(angle + value)'),
    value: z.number().min(0).lt(Math.PI).optional().describe('arcface: radians; default 0.1'),
  })
  .superRefine(
    refuseIdle(({ kind, value }) => [
      [kind === 'none' && value !== undefined, 'value', 'has no effect with kind: none'],
    ]),
  );
export type Margin = z.output<typeof marginOptions>;

/** The usual value of a margin. */
const USUAL_MARGIN = 0.1;

/**
 * Cosines of positive pairs, any shape, made harder by a margin: lowered by it (Wang et al., "CosFace: Large Margin Cosine Loss for
 * Deep Face Recognition", 2018, arXiv:1801.09414) or with the angle widened by it (Deng et al., "ArcFace: Additive Angular Margin
 * Loss for Deep Face Recognition", 2019, arXiv:1801.07698). Where the widened angle would pass pi, the cosine is lowered by a
 * constant instead, so that it goes on falling.
 */
export function withMargin(
  cosines: Tensor,
  { kind, value = USUAL_MARGIN }: { kind: Margin['kind']; value?: number | Tensor },
): Tensor {
  if (kind === 'none') return cosines;
  if (kind === 'cosface') return tf.sub(cosines, value);
  // At 1 and -1 the sine has no finite gradient.
  const inner = tf.clipByValue(cosines, -1 + 1e-6, 1 - 1e-6);
  const sine = tf.sqrt(tf.sub(1, tf.square(inner)));
  const widened = tf.sub(tf.mul(inner, tf.cos(value)), tf.mul(sine, tf.sin(value)));
  const turning = tf.neg(tf.cos(value));
  // TensorFlow.js has no gradient for comparisons.
  return tf.where(tf.greater(stopGradient(inner), turning), widened, tf.sub(inner, tf.add(turning, 1)));
}
