import { build, get, placeOf, sizeOf } from './naive-arrays.js';
import type { NaiveArray, Operator } from './onnx-file.js';

// ONNX operators that look at windows of their input.

/** Zeros in front and behind so that an output has ceil(size / stride) places. */
function samePads(x: NaiveArray, kernel: number[], strides: number[]): number[] {
  const whole = kernel.map((size, i) => {
    const places = Math.ceil(x.shape[2 + i] / strides[i]);
    return Math.max((places - 1) * strides[i] + size - x.shape[2 + i], 0);
  });
  const before = whole.map((zeros) => Math.floor(zeros / 2));
  return [...before, ...whole.map((zeros, i) => zeros - before[i])];
}

/** Any number of axes in space, groups, strides, dilations and padding. */
export const conv: Operator = ([x, weight, bias], { attributes }) => {
  const space = x.shape.length - 2;
  const list = (name: string, fallback: number) =>
    (attributes[name] as number[] | undefined) ?? Array(space).fill(fallback);
  const [strides, dilations] = [list('strides', 1), list('dilations', 1)];
  const group = (attributes.group as number | undefined) ?? 1;
  const [outputs, perGroup, ...kernel] = weight.shape;
  const pads =
    attributes.auto_pad === 'SAME_UPPER'
      ? samePads(x, kernel, strides)
      : list('pads', 0)
          .concat(list('pads', 0))
          .slice(0, 2 * space);
  const sizes = kernel.map((size, i) =>
    Math.floor((x.shape[2 + i] + pads[i] + pads[space + i] - dilations[i] * (size - 1) - 1) / strides[i] + 1),
  );
  const [mapSize, kernelSize] = [sizeOf(x.shape.slice(2)), sizeOf(kernel)];
  return build([x.shape[0], outputs, ...sizes], ([row, output, ...place]) => {
    let total = bias ? bias.data[output] : 0;
    const firstChannel = Math.floor(output / (outputs / group)) * perGroup;
    build(kernel, (tap) => {
      const from = place.map((p, i) => p * strides[i] + tap[i] * dilations[i] - pads[i]);
      if (from.some((p, i) => p < 0 || p >= x.shape[2 + i])) return 0;
      const [first, firstWeight] = [placeOf(x, [row, firstChannel, ...from]), placeOf(weight, [output, 0, ...tap])];
      for (let c = 0; c < perGroup; c++)
        total += x.data[first + c * mapSize] * weight.data[firstWeight + c * kernelSize];
      return 0;
    });
    return total;
  });
};

/** Places beyond the input do not count. */
export function pool(f: (values: number[]) => number): Operator {
  return ([x], { attributes }) => {
    const [kernel, strides] = [attributes.kernel_shape, attributes.strides] as number[][];
    const same = attributes.auto_pad === 'SAME_UPPER';
    const explicit = (attributes.pads as number[] | undefined) ?? [0, 0, 0, 0];
    const sizes = kernel.map((size, i) => {
      if (same) return Math.ceil(x.shape[2 + i] / strides[i]);
      return Math.floor((x.shape[2 + i] + explicit[i] + explicit[2 + i] - size) / strides[i] + 1);
    });
    const before = sizes.map((size, i) =>
      same ? Math.floor(Math.max((size - 1) * strides[i] + kernel[i] - x.shape[2 + i], 0) / 2) : explicit[i],
    );
    return build([x.shape[0], x.shape[1], ...sizes], ([row, channel, ...place]) => {
      const seen: number[] = [];
      build(kernel, (tap) => {
        const from = place.map((p, i) => p * strides[i] + tap[i] - before[i]);
        if (from.every((p, i) => p >= 0 && p < x.shape[2 + i])) seen.push(get(x, [row, channel, ...from]));
        return 0;
      });
      return f(seen);
    });
  };
}
