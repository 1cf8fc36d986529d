import type { Progress } from '../../plugin/stage.js';

/** A display that also says how far the whole training is: `whole 12 of about 60 min`. */
export function withWhole(display: Progress, expectedSeconds: number, elapsedSeconds: () => number): Progress {
  const minutes = (seconds: number) => Math.round(seconds / 60);
  return {
    update({ step, total, fields }) {
      const whole = `${minutes(elapsedSeconds())} of about ${Math.max(1, minutes(expectedSeconds))} min`;
      display.update({ step, total, fields: { ...fields, whole } });
    },
    line: (text) => display.line(text),
    done: () => display.done(),
  };
}
