/** Results of batch normalisation over the rows of [rows, channels]. */
export interface NaiveBatchNorm {
  y: Float64Array;
  mean: Float64Array;
  /** Biased, as the normalisation uses it. */
  variance: Float64Array;
  /** With Bessel's correction; equal to `variance` when there is one row only. */
  unbiased: Float64Array;
  dx: Float64Array;
  dScale: Float64Array;
  dOffset: Float64Array;
}

/** Batch normalisation by plain loops in float64, and the gradients of sum(dy * y). */
export function naiveBatchNorm(
  channels: number,
  x: ArrayLike<number>,
  scale: ArrayLike<number>,
  offset: ArrayLike<number>,
  dy: ArrayLike<number>,
  epsilon: number,
): NaiveBatchNorm {
  const rows = x.length / channels;
  const perChannel = () => new Float64Array(channels);
  const result: NaiveBatchNorm = {
    y: new Float64Array(x.length),
    mean: perChannel(),
    variance: perChannel(),
    unbiased: perChannel(),
    dx: new Float64Array(x.length),
    dScale: perChannel(),
    dOffset: perChannel(),
  };
  for (let c = 0; c < channels; c++) {
    const at = Array.from({ length: rows }, (_, row) => row * channels + c);
    const mean = at.reduce((sum, i) => sum + x[i], 0) / rows;
    const variance = at.reduce((sum, i) => sum + (x[i] - mean) ** 2, 0) / rows;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    const normalised = (i: number) => (x[i] - mean) * inverse;
    const dOffset = at.reduce((sum, i) => sum + dy[i], 0);
    const dScale = at.reduce((sum, i) => sum + dy[i] * normalised(i), 0);
    for (const i of at) {
      result.y[i] = scale[c] * normalised(i) + offset[c];
      result.dx[i] = scale[c] * inverse * (dy[i] - dOffset / rows - (normalised(i) * dScale) / rows);
    }
    result.mean[c] = mean;
    result.variance[c] = variance;
    result.unbiased[c] = rows > 1 ? (variance * rows) / (rows - 1) : variance;
    result.dScale[c] = dScale;
    result.dOffset[c] = dOffset;
  }
  return result;
}
