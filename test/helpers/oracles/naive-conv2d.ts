/** Shape of a convolution, NHWC; pairs are [height, width]. */
export interface ConvShape {
  batch: number;
  size: [number, number];
  inputs: number;
  outputs: number;
  filter: [number, number];
  stride: [number, number];
  dilation: [number, number];
  /** Zeros on both sides. */
  pad: [number, number];
}

/** Output [height, width]. */
export function convOutputSize({ size, filter, stride, dilation, pad }: ConvShape): [number, number] {
  const along = (i: 0 | 1) => Math.floor((size[i] + 2 * pad[i] - dilation[i] * (filter[i] - 1) - 1) / stride[i]) + 1;
  return [along(0), along(1)];
}

/** Multiplications of one pass. */
export function convWork(shape: ConvShape): number {
  const [height, width] = convOutputSize(shape);
  return shape.batch * height * width * shape.filter[0] * shape.filter[1] * shape.inputs * shape.outputs;
}

/** Calls `visit` for every pair of an output place and a filter tap that lies inside the map, with element offsets. */
function forEachTap(shape: ConvShape, visit: (x: number, w: number, y: number) => void): void {
  const { batch, size, inputs, outputs, filter, stride, dilation, pad } = shape;
  const [outHeight, outWidth] = convOutputSize(shape);
  for (let n = 0; n < batch; n++)
    for (let oy = 0; oy < outHeight; oy++)
      for (let ox = 0; ox < outWidth; ox++)
        for (let fy = 0; fy < filter[0]; fy++) {
          const iy = oy * stride[0] + fy * dilation[0] - pad[0];
          if (iy < 0 || iy >= size[0]) continue;
          for (let fx = 0; fx < filter[1]; fx++) {
            const ix = ox * stride[1] + fx * dilation[1] - pad[1];
            if (ix < 0 || ix >= size[1]) continue;
            const x = ((n * size[0] + iy) * size[1] + ix) * inputs;
            const w = (fy * filter[1] + fx) * inputs * outputs;
            visit(x, w, ((n * outHeight + oy) * outWidth + ox) * outputs);
          }
        }
}

/** Cross-correlation by plain loops in float64: `x` [batch, h, w, in], `w` [fh, fw, in, out]. */
export function naiveConv2d(shape: ConvShape, x: ArrayLike<number>, w: ArrayLike<number>): Float64Array {
  const { batch, inputs, outputs } = shape;
  const [height, width] = convOutputSize(shape);
  const y = new Float64Array(batch * height * width * outputs);
  forEachTap(shape, (atX, atW, atY) => {
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) y[atY + o] += x[atX + i] * w[atW + i * outputs + o];
  });
  return y;
}

/** Gradients of sum(dy * conv2d(x, w)). */
export function naiveConv2dGradients(
  shape: ConvShape,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
): { dx: Float64Array; dw: Float64Array } {
  const { inputs, outputs } = shape;
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  forEachTap(shape, (atX, atW, atY) => {
    for (let i = 0; i < inputs; i++) {
      const row = atW + i * outputs;
      let sum = 0;
      for (let o = 0; o < outputs; o++) {
        sum += dy[atY + o] * w[row + o];
        dw[row + o] += dy[atY + o] * x[atX + i];
      }
      dx[atX + i] += sum;
    }
  });
  return { dx, dw };
}
