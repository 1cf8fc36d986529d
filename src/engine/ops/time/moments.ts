import { tensorflow } from '../../backend.js';
import { kept, withGradient } from '../../local-gradients.js';
import type { Tensor } from '../../tf.js';

/** What moments over time are made of, [batch, channels] each. */
export interface TimeSums {
  mean: Tensor;
  /** Sum of the (weighted) squares of the distances from the mean. */
  squares: Tensor;
}

/**
 * Mean over time of `x` [batch, time, channels], and the sum of squares around it. The gradient is a line through each x, for the mean's
 * own part in the squares is zero: slope * x + offset, two passes over the map, and nothing but the map is kept for it.
 */
export function timeSums(x: Tensor): TimeSums {
  const mean = kept(tensorflow.mean(x, 1));
  const squares: Tensor = tensorflow.sum(tensorflow.square(tensorflow.sub(x, along(mean))), 1);
  const input = kept(x);
  const [first, second] = withGradient([x], [mean, squares], ([dMean, dSquares]) => {
    const { slope, offset } = lineOf(mean, tensorflow.div(dMean, input.shape[1]!), dSquares);
    return [tensorflow.add(tensorflow.mul(input, slope), offset)];
  });
  return { mean: first, squares: second };
}

/** The same with weights over time that sum to 1, [batch, time, channels or 1]: the mean, and the weighted mean of the squares. */
export function weightedTimeSums(x: Tensor, weights: Tensor): TimeSums {
  const mean = kept(tensorflow.sum(tensorflow.mul(weights, x), 1));
  const squaresOf = (map: Tensor): Tensor => tensorflow.square(tensorflow.sub(map, along(mean)));
  const squares: Tensor = tensorflow.sum(tensorflow.mul(weights, squaresOf(x)), 1);
  const [input, given] = [kept(x), kept(weights)];
  const [first, second] = withGradient([x, weights], [mean, squares], ([dMean, dSquares]) => {
    const { slope, offset } = lineOf(mean, dMean, dSquares);
    const dx: Tensor = tensorflow.mul(given, tensorflow.add(tensorflow.mul(input, slope), offset));
    const apart = tensorflow.mul(squaresOf(input), along(dSquares));
    const dWeights: Tensor = tensorflow.add(tensorflow.mul(input, along(dMean)), apart);
    return [dx, given.shape[2] === 1 ? tensorflow.sum(dWeights, 2, true) : dWeights];
  });
  return { mean: first, squares: second };
}

/** [batch, channels] beside maps of [batch, time, channels]. */
const along = (values: Tensor): Tensor => tensorflow.expandDims(values, 1);

/** 2 dSquares (x - mean) + dMean as a line in x, [batch, 1, channels] each. */
function lineOf(mean: Tensor, dMean: Tensor, dSquares: Tensor): { slope: Tensor; offset: Tensor } {
  const slope: Tensor = tensorflow.mul(dSquares, 2);
  return { slope: along(slope), offset: along(tensorflow.sub(dMean, tensorflow.mul(slope, mean))) };
}
