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
      addProducts(row, x.subarray(from * inputs, (from + 1) * inputs), weight, tap * inputs * outputs);
    }
  }
  return y;
}

/** Adds `values` [inputs] times the matrix [inputs, outputs] at `place`; by two inputs at a time, which saves half of the reads and writes. */
function addProducts(row: Float32Array, values: Float32Array, weight: Float32Array, place: number): void {
  const [inputs, outputs] = [values.length, row.length];
  for (let input = 0; input < inputs; input += 2) {
    const [first, second] = [values[input], input + 1 < inputs ? values[input + 1] : 0];
    const at = place + input * outputs;
    const next = input + 1 < inputs ? at + outputs : at;
    for (let output = 0; output < outputs; output++)
      row[output] += first * weight[at + output] + second * weight[next + output];
  }
}
