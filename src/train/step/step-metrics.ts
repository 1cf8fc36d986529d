import type { HostTensor } from '../../host-tensor.js';

/** What one training step logs. */
export type StepMetrics = { loss: number } & Record<string, number>;

/** Scalars of a compiled step as numbers; other outputs are left out. */
export function stepMetrics(outputs: Record<string, HostTensor>): StepMetrics {
  const scalars = Object.entries(outputs).filter(([, value]) => value.data.length === 1);
  const metrics = Object.fromEntries(scalars.map(([name, value]) => [name, Number(value.data[0])]));
  return { ...metrics, loss: metrics.loss };
}

/** Means over the micro-batches of an update. */
export function meanMetrics(outputs: readonly Record<string, HostTensor>[]): StepMetrics {
  const parts = outputs.map(stepMetrics);
  const mean = (name: string) => parts.reduce((sum, part) => sum + part[name], 0) / parts.length;
  return { ...Object.fromEntries(Object.keys(parts[0]).map((name) => [name, mean(name)])), loss: mean('loss') };
}
