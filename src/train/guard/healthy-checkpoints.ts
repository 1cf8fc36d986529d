import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../../engine/session/session.js';
import { readSafetensors } from '../../io/safetensors.js';
import { writeError } from '../../io/write-error.js';
import { type HostState, loadCheckpoint, saveCheckpoint } from '../checkpoint.js';

/** The last healthy state of a run, beside its checkpoint. */
export interface HealthyCheckpoints {
  /** Keeps the state at `step`; the one kept `every` steps before has proved healthy by now. */
  keep(step: number, every: number): Promise<void>;
  /** Takes the state at `step` as healthy where there is none yet. */
  begin(step: number): Promise<void>;
  /** Loads the last healthy state into the session; returns its step and host state. */
  goBack(): Promise<{ step: number; host: HostState }>;
}

/**
 * A collapse shows only when it is under way, so a state counts as healthy when the run stayed healthy for as long again after it: until
 * then it is a candidate, in a file of its own. Which states are kept depends on steps alone, so that a resumed run keeps the same. Of
 * several workers one `writes`, and all go back.
 */
export function createHealthyCheckpoints(
  session: Session,
  dir: string,
  hostState: () => HostState,
  writes = true,
): HealthyCheckpoints {
  const healthy = join(dir, 'healthy.safetensors');
  const candidate = join(dir, 'candidate.safetensors');
  return {
    async keep(step, every) {
      if (!writes) return;
      if (stepOf(candidate) === step - every) replace(candidate, healthy);
      await saveCheckpoint(session, candidate, step, hostState());
    },
    async begin(step) {
      if (writes && !existsSync(healthy)) await saveCheckpoint(session, healthy, step, hostState());
    },
    async goBack() {
      if (writes) rmSync(candidate, { force: true });
      const loaded = await loadCheckpoint(session, healthy);
      if (!loaded) throw new Error(`${healthy} is missing, which was written at the start.`);
      return loaded;
    },
  };
}

const stepOf = (path: string): number | undefined =>
  existsSync(path) ? Number(readSafetensors(path).metadata.step) : undefined;

function replace(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw writeError(to, error);
  }
}
