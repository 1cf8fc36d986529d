import type { OptimizerOptions } from '../../../src/optim/optimizer.js';

/** One weight and its optimizer's state, in float64. */
export interface PlainWeight {
  values: number[];
  momentum: number[];
  mean: number[];
  square: number[];
  /** Weight decay is for matrices and larger. */
  decays: boolean;
}

export const plainWeight = (values: number[], decays: boolean): PlainWeight => {
  const zeros = () => values.map(() => 0);
  return { values: [...values], momentum: zeros(), mean: zeros(), square: zeros(), decays };
};

/** Scales a gradient whose norm is above the limit down to it. */
function clip(gradient: number[], clipNorm: number | undefined): number[] {
  const norm = Math.hypot(...gradient);
  return clipNorm === undefined || norm <= clipNorm ? gradient : gradient.map((g) => (g * clipNorm) / norm);
}

/** One update, as the papers and PyTorch's documentation write it; `step` counts from 0. */
export function plainUpdate(
  weight: PlainWeight,
  gradient: number[],
  rate: number,
  step: number,
  options: OptimizerOptions,
): void {
  const {
    name,
    momentum = 0.9,
    nesterov,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    clipNorm,
    trust = 0.001,
  } = options;
  const decay = weight.decays ? options.weightDecay : 0;
  const clipped = clip(gradient, clipNorm);
  const t = step + 1;
  if (name === 'lars') {
    larsUpdate();
    return;
  }
  weight.values = weight.values.map((w, i) => {
    if (name === 'adamw') {
      const [mean, square] = moments(i, clipped[i]);
      return w - rate * decay * w - (rate * mean) / (Math.sqrt(square) + epsilon);
    }
    const g = clipped[i] + decay * w;
    if (name === 'adam') {
      const [mean, square] = moments(i, g);
      return w - (rate * mean) / (Math.sqrt(square) + epsilon);
    }
    weight.momentum[i] = momentum * weight.momentum[i] + g;
    return w - rate * (nesterov ? g + momentum * weight.momentum[i] : weight.momentum[i]);
  });

  /** Algorithm 1 of the paper; biases and other 1-D weights take plain steps. */
  function larsUpdate(): void {
    const [length, slope] = [Math.hypot(...weight.values), Math.hypot(...clipped)];
    const adapted = weight.decays && length > 0 && slope > 0;
    const local = adapted ? (trust * length) / (slope + decay * length) : 1;
    weight.values = weight.values.map((w, i) => {
      weight.momentum[i] = momentum * weight.momentum[i] + rate * local * (clipped[i] + decay * w);
      return w - weight.momentum[i];
    });
  }

  /** Both moments without their bias towards zero. */
  function moments(i: number, g: number): [number, number] {
    weight.mean[i] = beta1 * weight.mean[i] + (1 - beta1) * g;
    weight.square[i] = beta2 * weight.square[i] + (1 - beta2) * g * g;
    return [weight.mean[i] / (1 - beta1 ** t), weight.square[i] / (1 - beta2 ** t)];
  }
}
