import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../io/atomic.js';
import type { Progress } from '../../plugin/stage.js';

const WRITE_INTERVAL_MS = 2000;

/** The state of the stage that a run is at. */
const progressState = z.object({
  /** The stage's name, with that of the stage it is part of: `loop/round-1`. */
  stage: z.string(),
  step: z.number(),
  total: z.number(),
  /** The first step of this attempt, and the seconds from it to `step`. */
  first: z.number(),
  seconds: z.number(),
  fields: z.record(z.string(), z.union([z.number(), z.string()])),
});
export type ProgressState = z.output<typeof progressState>;

const progressPath = (runDir: string): string => join(runDir, 'progress.json');

/** A display that also writes progress.json into the run's folder, every few seconds, for whoever looks on. */
export function recordedProgress(
  display: Progress,
  { runDir, stage, now = () => performance.now() }: { runDir: string; stage: string; now?: () => number },
): Progress {
  let first: { step: number; at: number } | undefined;
  let writtenAt = Number.NEGATIVE_INFINITY;
  return {
    update(state) {
      display.update(state);
      const at = now();
      first ??= { step: state.step, at };
      if (at - writtenAt < WRITE_INTERVAL_MS) return;
      writtenAt = at;
      const { step, total, fields = {} } = state;
      const seconds = (at - first.at) / 1000;
      writeProgress(runDir, { stage, step, total, first: first.step, seconds, fields });
    },
    line: (text) => display.line(text),
    done() {
      display.done();
      forgetProgress(runDir);
    },
  };
}

// A full disk must not end a run for the sake of an onlooker.
function writeProgress(runDir: string, state: ProgressState): void {
  try {
    writeFileAtomic(progressPath(runDir), `${JSON.stringify(state)}\n`);
  } catch {}
}

/** The stage that a run is at; undefined between stages and when it is over. */
export function readProgress(runDir: string): ProgressState | undefined {
  try {
    return progressState.safeParse(JSON.parse(readFileSync(progressPath(runDir), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Removes progress.json at the end of a stage or run. */
export const forgetProgress = (runDir: string): void => rmSync(progressPath(runDir), { force: true });
