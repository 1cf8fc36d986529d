import { STREAM_ERRORS, STREAM_LIMIT, STREAM_PEAK } from '../../nn/recompute/stream-watch.js';
import type { StepMetrics } from '../step/training-step.js';

/** Warned of from here on, while everything is still exact. */
const EARLY = STREAM_LIMIT / 2;

/**
 * Looks at the streams of a reversible `network` after each step and warns, once for each: when they come near the range in which
 * they are computed back exactly, and when they have left it. Networks without streams have no such metrics.
 */
export function createStreamRange(
  network: string,
  log: (line: string) => void,
): (step: number, values: StepMetrics) => void {
  const said = { near: false, left: false };
  return (step, values) => {
    const { [STREAM_PEAK]: peak, [STREAM_ERRORS]: errors } = values;
    if (peak === undefined || said.left) return;
    const left = peak >= STREAM_LIMIT || errors > 0;
    if (left) {
      said.left = true;
      const what = `the streams of ${network} reach ${rounded(peak)}; they are computed back exactly below ${STREAM_LIMIT} only`;
      const seen = errors > 0 ? 'some were not, and' : 'beyond it';
      log(`warning: step ${step}: ${what}, ${seen} gradients are approximate. ${cure(network)}`);
    } else if (peak >= EARLY && !said.near) {
      said.near = true;
      const what = `the streams of ${network} reach ${rounded(peak)}, half of the ${STREAM_LIMIT} below which they are computed back`;
      log(`warning: step ${step}: ${what} exactly. If they go on growing: ${cure(network)}`);
    }
  };
}

const rounded = (value: number): string => (value < 100 ? value.toPrecision(2) : value.toFixed(0));

const cure = (network: string): string =>
  'Lower the learning rate (rate.peak), clip gradients (optimizer.clipNorm), or keep activations, which needs no range ' +
  `(backbone: {name: ${network}, recompute: false, checkpointing: true}).`;
