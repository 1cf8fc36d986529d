import { oneOf, type Tensor, tf, z } from '../../index.js';

/** Ways to write a sample in 8 bits: the two laws of ITU-T G.711, evenly spaced steps, or not at all. */
const laws = ['mu-law', 'a-law', 'linear', 'none'] as const;
type Law = (typeof laws)[number];

export const lawWeights = z
  .strictObject(Object.fromEntries(laws.map((law) => [law, z.number().nonnegative().optional()])))
  .refine((weights) => Object.values(weights).some((weight) => weight), 'give one of the laws a weight above 0')
  .describe(
    "how often each way of writing a sample in 8 bits is drawn, relative to the others; 'none' changes the rate only",
  );

/** Each row written in 8 bits and read back, by a law that it draws. `wave` [rows, samples] on int16 scale. */
export function inEightBits(wave: Tensor, weights: z.output<typeof lawWeights>, name: string): Tensor {
  const chosen = laws.filter((law) => (weights[law] ?? 0) > 0);
  const total = chosen.reduce((sum, law) => sum + weights[law]!, 0);
  const branches = chosen.map((law) => ({
    share: weights[law]! / total,
    apply: (rows: Tensor) => quantise(rows, law),
  }));
  return oneOf(wave, branches, `${name}/law`);
}

const quantisers: Record<Law, (x: Tensor) => Tensor> = {
  'mu-law': muLaw,
  'a-law': aLaw,
  linear: (x) => tf.mul(tf.add(tf.floor(tf.div(clipped(x), 256)), 0.5), 256),
  none: (x) => x,
};

/** Samples on int16 scale, written in 8 bits and read back. */
export const quantise = (x: Tensor, law: Law): Tensor => quantisers[law](x);

const clipped = (x: Tensor): Tensor => tf.minimum(tf.maximum(x, -32768), 32767);

/**
 * floor(log2(x)) for positive x. The logarithm in floats may fall a hair short at powers of two; the hair added here is far below the
 * distance of any number on the grids that these laws decide by.
 */
const exponentOf = (x: Tensor): Tensor => tf.floor(tf.add(tf.mul(tf.log(x), Math.LOG2E), 1e-5));

/** G.711 mu-law on 14 bits: 8 segments of 16 steps, the steps of each segment twice those of the one before; magnitudes are biased by 33. */
function muLaw(x: Tensor): Tensor {
  const [bias, most] = [33, 8158];
  const magnitude = tf.add(tf.minimum(tf.abs(tf.floor(tf.div(x, 4))), most), bias);
  return withSign(x, tf.mul(tf.sub(middleOfStep(magnitude, exponentOf(magnitude)), bias), 4));
}

/** G.711 A-law on 13 bits: as mu-law without a bias, and the lowest two segments have equal steps. */
function aLaw(x: Tensor): Tensor {
  const integer = tf.floor(clipped(x));
  const magnitude = tf.floor(tf.div(tf.where(tf.greaterEqual(integer, 0), integer, tf.sub(-1, integer)), 8));
  const exponent = tf.maximum(exponentOf(tf.maximum(magnitude, 1)), 5);
  return withSign(tf.add(integer, 0.5), tf.mul(middleOfStep(magnitude, exponent), 8));
}

/** The middle of the step that a magnitude lies in, where the segment from 2^e to 2^(e+1) has 16 steps. */
function middleOfStep(magnitude: Tensor, exponent: Tensor): Tensor {
  const step = tf.exp(tf.mul(tf.sub(exponent, 4), Math.LN2));
  const exact = tf.round(step);
  return tf.mul(tf.add(tf.floor(tf.div(magnitude, exact)), 0.5), exact);
}

const withSign = (x: Tensor, magnitude: Tensor): Tensor =>
  tf.where(tf.greaterEqual(x, 0), magnitude, tf.neg(magnitude));
