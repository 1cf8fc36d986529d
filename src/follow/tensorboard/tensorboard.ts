import { join } from 'node:path';
import { messageOf } from '../../errors.js';
import { foundStages } from '../run-folder.js';
import { isWritten, projectionsOf, writeProjection } from './projector.js';
import { followStage } from './series.js';

const INTERVAL_MS = 3000;

/** The folder of a run that `tensorboard --logdir` is pointed at. */
export const tensorBoardDir = (runDir: string): string => join(runDir, 'tensorboard');

/**
 * Writes event files of a run's trainings, gates and rounds, and embeddings for the projector, from the records that its stages leave in
 * their folders. Each call adds what came since the last one; the first of a process writes event files anew.
 */
export function followRun(runDir: string): () => void {
  const out = tensorBoardDir(runDir);
  const followed = new Map<string, () => void>();
  return () => {
    const stages = foundStages(runDir);
    for (const stage of stages) {
      const follow = followed.get(stage.name) ?? followStage(stage, out);
      followed.set(stage.name, follow);
      follow();
    }
    for (const projection of projectionsOf(stages)) {
      if (!isWritten(projection, out)) writeProjection(projection, out);
    }
  };
}

/** Follows a run while it runs in this process; returns what `runPipeline` calls when it begins. A fault is told once, and ends no run. */
export function eventsBeside(runDir: string, log: (line: string) => void): () => () => void {
  return () => {
    const follow = followRun(runDir);
    let failed = false;
    const poll = () => {
      if (failed) return;
      try {
        follow();
      } catch (error) {
        failed = true;
        log(`warning: ${tensorBoardDir(runDir)} is no longer written: ${messageOf(error)}`);
      }
    };
    const timer = setInterval(poll, INTERVAL_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      poll();
    };
  };
}
