/** A layer over time on the host. */
export interface HostTimeConv {
  /** [kernel, inputs, outputs] */
  weight: Float32Array;
  /** [outputs] */
  bias: Float32Array;
}

/**
 * A convolution over time with zeros at both ends, in plain arrays: what a graph's `timeConvLayer` computes, where no tensor library runs.
 * @param x [frames, inputs]
 * @returns [frames, outputs]
 */
export function hostTimeConv(
  x: Float32Array,
  { weight, bias }: HostTimeConv,
  { kernel, dilation }: { kernel: number; dilation: number },
): Float32Array {
  const outputs = bias.length;
  const inputs = weight.length / kernel / outputs;
  const frames = x.length / inputs;
  const y = new Float32Array(frames * outputs);
  for (let frame = 0; frame < frames; frame++) {
    const row = y.subarray(frame * outputs, (frame + 1) * outputs);
    row.set(bias);
    for (let tap = 0; tap < kernel; tap++) {
      const from = frame + (tap - (kernel - 1) / 2) * dilation;
      if (from < 0 || from >= frames) continue;
      for (let input = 0; input < inputs; input++) {
        const value = x[from * inputs + input];
        const place = (tap * inputs + input) * outputs;
        for (let output = 0; output < outputs; output++) row[output] += value * weight[place + output];
      }
    }
  }
  return y;
}
