import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import type { PlannedStage } from './run-plan.js';

/** What a stage that is to run has published earlier leaves the run's folder: it would pass for this run's. Its own folder keeps it. */
export function withdrawPublished(plan: readonly PlannedStage[], runDir: string): void {
  for (const { plugin, state } of plan) {
    if (state === 'done') continue;
    for (const file of plugin.publishes ?? []) rmSync(join(runDir, file), { force: true });
  }
}

/** Copies what a finished stage publishes from its folder into the run's. */
export function publish({ plugin }: PlannedStage, folder: string, runDir: string): void {
  for (const file of plugin.publishes ?? []) {
    const [from, to] = [join(folder, file), join(runDir, file)];
    if (!existsSync(from)) continue;
    const bytes = readFileSync(from);
    if (!existsSync(to) || !readFileSync(to).equals(bytes)) writeFileAtomic(to, bytes);
  }
}
