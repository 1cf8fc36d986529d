import { join } from 'node:path';
import type { StageContext } from '../../plugin/stage.js';
import { readReference } from '../../train/guard/reference-curve.js';
import { createReferenceWatch, nearShares, type ReferenceWatch } from '../../train/guard/reference-watch.js';
import { readMetrics } from '../../train/metrics-log.js';
import type { Moment } from '../../train/step/ssl-method.js';
import type { StepMetrics } from '../../train/step/step-metrics.js';

/** Compares a training stage with a reference curve: lines in the log on the way, and shares at the end. */
export function openReference(name: string, { dir, log }: Pick<StageContext, 'dir' | 'log'>) {
  const reference = readReference(name);
  let watch: ReferenceWatch | undefined;
  return {
    see({ step, steps }: Moment, metrics: StepMetrics): void {
      watch ??= createReferenceWatch(reference, { steps, log });
      watch.see(step, metrics);
    },
    result() {
      const near = nearShares(readMetrics(join(dir, 'metrics.jsonl')), reference);
      const said = Object.entries(near).map(([signal, { near, of }]) => `${signal} ${near} of ${of}`);
      if (said.length > 0) log(`near the reference's ${reference.seeds.length} seeds: ${said.join(', ')} stretches`);
      return { name, near };
    },
  };
}
