import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../io/folder.js';
import { type SummaryValue, startEvent, summaryEvent, timeOfSummary, versionEvent } from './event.js';
import { recordBytes, recordsOf } from './tf-record.js';

/** The values of one step, epoch or round. */
export interface StepValues {
  step: number;
  values: SummaryValue[];
}

/** The event file of one training. */
export interface EventLog {
  /** Appends steps. @param seconds when they were done, since 1970 */
  add(steps: readonly StepValues[], seconds: number): void;
}

const EVENT_FILE = /^events\.out\.tfevents\.(\d{10,})\.voxloop$/;

/**
 * Begins an event file in `dir` with all steps so far, and empties the file that was there: whoever reads the folder finds each step once.
 * A TensorBoard that has read the old file forgets its steps, for the new one begins with a start from step 0; of steps that stay, the
 * times do. @param seconds when the steps were done, since 1970, where the old file does not tell
 */
export function beginEventLog(dir: string, steps: readonly StepValues[], seconds: number): EventLog {
  makeFolder(dir);
  const old = readdirSync(dir).filter((name) => EVENT_FILE.test(name));
  const times = timesOf(old.map((name) => join(dir, name)));
  const path = join(dir, nextName(old));
  const begin = times.get(steps[0]?.step) ?? seconds;
  const records = [versionEvent(begin), startEvent(begin, 0)];
  const append = (added: readonly Uint8Array[]) => appendFileSync(path, Buffer.concat(added.map(recordBytes)));
  append(records.concat(steps.map(({ step, values }) => summaryEvent(times.get(step) ?? seconds, step, values))));
  for (const name of old) retire(join(dir, name));
  return {
    add(added, at) {
      if (added.length > 0) append(added.map(({ step, values }) => summaryEvent(at, step, values)));
    },
  };
}

/** An open TensorBoard goes on to the next file from one that has shrunk, but not from one that is gone. */
function retire(path: string): void {
  const empty = recordBytes(versionEvent(0)).length;
  if (statSync(path).size > empty) truncateSync(path, empty);
  else rmSync(path);
}

/** TensorBoard reads the files of a folder in the order of their names: a new one comes behind those that were there. */
function nextName(old: readonly string[]): string {
  const latest = Math.max(0, ...old.map((name) => Number(EVENT_FILE.exec(name)![1])));
  return `events.out.tfevents.${Math.max(Math.floor(Date.now() / 1000), latest + 1)}.voxloop`;
}

/** When each step of event files was done, in seconds since 1970. */
function timesOf(paths: readonly string[]): Map<number | undefined, number> {
  const times = new Map<number | undefined, number>();
  for (const path of paths) {
    for (const record of recordsOf(readFileSync(path))) {
      const summary = timeOfSummary(record);
      if (summary) times.set(summary.step, summary.seconds);
    }
  }
  return times;
}
