// A plugin: a pooling that keeps the mean of each channel and its largest value. In a recipe, `backbone: {name: tdnn, pooling: mean-max}`;
// on the command line, `npx voxloop run recipe.yaml --plugin examples/plugin.ts`.
import { definePooling, tf, timeMean, z } from 'voxloop';

export default definePooling({
  name: 'mean-max',
  summary: 'Mean over time, and a smooth maximum.',
  // Options are checked, printed by `voxloop plugins`, and typed: `options.sharpness` is a number.
  options: z.strictObject({
    sharpness: z.number().positive().default(1).describe('the larger, the nearer to the maximum'),
  }),
  build: ({ channels, options: { sharpness } }) => ({
    size: 2 * channels,
    // map [batch, time, channels] -> [batch, 2 channels]; `pass` knows how long each row really is.
    pool(map, pass) {
      const mean = timeMean(map, pass);
      // log-mean-exp around the mean, which keeps the exponents small
      const above = tf.clipByValue(tf.mul(tf.sub(map, tf.expandDims(mean, 1)), sharpness), -20, 20);
      const maximum = tf.add(mean, tf.div(tf.log(timeMean(tf.exp(above), pass)), sharpness));
      return tf.concat([mean, maximum], 1);
    },
  }),
});
