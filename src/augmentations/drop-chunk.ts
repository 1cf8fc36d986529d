import {
  defineAugmentation,
  forSome,
  probability,
  rangeOf,
  rowDraw,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../index.js';

export const dropChunkOptions = z.strictObject({
  chunks: rangeOf(1, 5, z.number().int().nonnegative()).describe('number of chunks to silence'),
  samples: rangeOf(1000, 2000, z.number().int().nonnegative()).describe('length of a chunk in samples'),
  probability: probability(1),
});

/** Silences chunks of each row, as SpeechBrain's DropChunk does; they may overlap. `wave` [rows, samples]; no gradient flows through. */
export function dropChunks(wave: Tensor, options: z.output<typeof dropChunkOptions>, name: string): Tensor {
  return withoutGradient(() => {
    const [rows, samples] = wave.shape;
    const draw = rowDraw(rows, name);
    const integer = (part: string, [least, most]: readonly [number, number]) =>
      tf.floor(draw.uniform(part, [least, most + 1]));
    const count = integer('count', options.chunks);
    const place = tf.reshape(tf.range(0, samples), [1, samples]);
    let kept: Tensor = wave;
    for (let i = 0; i < options.chunks[1]; i++) {
      const length = tf.mul(integer(`length-${i}`, options.samples), tf.cast(tf.less(i, count), 'float32'));
      const start = tf.floor(tf.mul(draw.uniform(`start-${i}`, [0, 1]), tf.maximum(tf.sub(samples + 1, length), 1)));
      const inside = tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, length)));
      kept = tf.mul(kept, tf.cast(tf.logicalNot(inside), 'float32'));
    }
    return kept;
  });
}

/** Gaps in a recording. */
export default defineAugmentation({
  name: 'drop-chunk',
  summary: "Silences chunks of crops, as SpeechBrain's DropChunk.",
  options: dropChunkOptions,
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => dropChunks(rows, options, part), name),
});
