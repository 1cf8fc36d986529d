import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { isRunning } from '../../pipeline/run/lock.js';
import { type ProgressState, readProgress } from '../../pipeline/run/progress-file.js';
import { type FoundStage, foundStages } from '../run-folder.js';

/** A stage of a run: `to do` until it begins, then `running`, `stopped` or `failed`, and at last `done`. */
export interface StageView {
  /** `dino`, or `loop/round-1` for a part of another stage. */
  name: string;
  /** The plugin. */
  stage: string;
  state: 'to do' | 'running' | 'stopped' | 'failed' | 'done';
  /** Over all attempts; null before the first. */
  seconds: number | null;
}

/** What can be told of a run from its folder. */
export interface RunView {
  name: string;
  state: 'not started' | 'running' | 'stopped' | 'failed' | 'finished';
  /** Why it failed. */
  fault?: string;
  stages: StageView[];
  /** The stage it is at. */
  progress?: ProgressState;
  /** The stages that were begun, for what they left in their folders. */
  found: FoundStage[];
}

const recipe = z.object({
  name: z.string(),
  stages: z.array(z.object({ stage: z.string(), as: z.string() })),
});

const journalLine = z.object({
  event: z.string(),
  as: z.string().optional(),
  within: z.string().optional(),
  message: z.string().optional(),
});
type JournalLine = z.output<typeof journalLine>;

const configPath = (dir: string): string => join(dir, 'config.yaml');

/** @throws UserError for a folder that no run was begun in */
export function checkRunFolder(dir: string): void {
  if (existsSync(configPath(dir))) return;
  const why = existsSync(dir) ? `${dir} is not the folder of a run: it has no config.yaml` : `${dir} does not exist`;
  throw new UserError(
    `${why}. Name the folder that \`voxloop run\` or \`voxloop learn\` writes into (--out, or runs/NAME).`,
  );
}

/** Reads the folder of a run, whatever state it is in. */
export function readRunView(dir: string): RunView {
  const { name, stages: planned } = recipe.parse(parse(readFileSync(configPath(dir), 'utf8')));
  const found = foundStages(dir);
  const running = isRunning(dir);
  const journal = readJournal(dir);
  const last = journal.findLast(({ event }) => event !== 'stage-skipped');
  const failed = !running && last?.event === 'stage-failed' ? nameOf(last) : undefined;
  const views = planned.flatMap(({ as, stage }) => {
    const parts = found.filter((part) => part.name === as || part.name.startsWith(`${as}/`));
    const shown = parts.map((part) => viewOf(part, { running, failed }));
    return shown.length > 0 ? shown : [{ name: as, stage, state: 'to do' as const, seconds: null }];
  });
  const isDone = (as: string) => views.some((view) => view.name === as && view.state === 'done');
  const finished = planned.every(({ as }) => isDone(as));
  const ended = finished ? 'finished' : failed === undefined ? 'stopped' : 'failed';
  return {
    name,
    state: running ? 'running' : journal.length === 0 ? 'not started' : ended,
    fault: ended === 'failed' ? last?.message : undefined,
    stages: views,
    progress: running ? readProgress(dir) : undefined,
    found,
  };
}

/** A stage that fails within another has that one fail, too. */
function viewOf(
  { name, record, partial }: FoundStage,
  { running, failed }: { running: boolean; failed?: string },
): StageView {
  const [stage, seconds] = [(record ?? partial)!.stage, (record ?? partial)!.seconds];
  if (record) return { name, stage, state: 'done', seconds };
  const hasFailed =
    failed !== undefined && (failed === name || failed.startsWith(`${name}/`) || name.startsWith(`${failed}/`));
  return { name, stage, state: running ? 'running' : hasFailed ? 'failed' : 'stopped', seconds };
}

const nameOf = ({ as, within }: JournalLine): string | undefined => (within === undefined ? as : `${within}/${as}`);

/** The run's journal, without a line that is being written. */
function readJournal(dir: string): JournalLine[] {
  const path = join(dir, 'journal.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    try {
      return journalLine.parse(JSON.parse(line));
    } catch {
      return [];
    }
  });
}
