import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type PartialRecord, readPartial, readRecord, type StageRecord } from '../pipeline/run/stage-folder.js';

/** The folder of a stage that was begun, in a run's folder or in that of the stage it is part of. */
export interface FoundStage {
  /** `dino`, or `loop/round-1` for a part of another stage. */
  name: string;
  dir: string;
  /** Of a stage that is done. */
  record?: StageRecord;
  /** Of one that is not. */
  partial?: PartialRecord;
}

/** Every stage of a run that was begun, those within a stage behind it. */
export function foundStages(runDir: string, within = ''): FoundStage[] {
  const folder = join(runDir, 'stages');
  if (!existsSync(folder)) return [];
  // What was set aside for other options lies in a folder with a dot.
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.sort(natural).flatMap((as) => {
    const dir = join(folder, as);
    const [record, partial] = [readRecord(dir), readPartial(dir)];
    const found: FoundStage = { name: within + as, dir, record, partial };
    return record || partial ? [found].concat(foundStages(dir, `${found.name}/`)) : [];
  });
}

/** Path of the record of a training's steps, in its folder. */
export const metricsPath = ({ dir }: Pick<FoundStage, 'dir'>): string => join(dir, 'metrics.jsonl');

const { compare: natural } = new Intl.Collator('en', { numeric: true });
