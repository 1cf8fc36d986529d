import type { Progress } from '../../plugin/stage.js';

/** Steps of the trial run; the first ones build the graph and warm up. */
export const TRIAL_STEPS = 8;
const WARM_UP = 3;

/** A display that shows nothing and measures the seconds of a step. */
export function stepTimer(now: () => number = () => performance.now()): Progress & { stepSeconds(): number } {
  const times: number[] = [];
  return {
    update: () => void times.push(now()),
    line: () => {},
    done: () => {},
    stepSeconds() {
      const measured = times.slice(WARM_UP);
      if (measured.length < 2) throw new Error(`${times.length} steps are too few to measure`);
      return (measured.at(-1)! - measured[0]) / 1000 / (measured.length - 1);
    },
  };
}
