import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Start-up, and the stages of a run in order; see `START_UP`. */
export type Timeline = { stage: string; seconds: number }[];

/** From the command to the first stage: loading, checks, servers. */
export const START_UP = 'start-up';

interface Event {
  time: string;
  event: string;
  as?: string;
}

/** The events of the journal of a run since a moment (milliseconds since 1970), without a line that is being written. */
export function eventsSince(out: string, from: number): Event[] {
  let text: string;
  try {
    text = readFileSync(join(out, 'journal.jsonl'), 'utf8');
  } catch {
    return [];
  }
  const lines = text.split('\n').slice(0, -1).filter(Boolean);
  return lines.flatMap((line) => eventOf(line)).filter(({ time }) => Date.parse(time) >= from);
}

// A kill may have cut a line short.
function eventOf(line: string): Event[] {
  try {
    return [JSON.parse(line) as Event];
  } catch {
    return [];
  }
}

/** How long start-up and the stages of an undisturbed run took. */
export function timelineOf(out: string, began: number): Timeline {
  const events = eventsSince(out, began);
  const at = (event: string, as?: string) => Date.parse(events.find((e) => e.event === event && e.as === as)!.time);
  const stages = events.filter(({ event }) => event === 'stage-start').map(({ as }) => as!);
  const start = { stage: START_UP, seconds: (at('run-start') - began) / 1000 };
  return [start].concat(
    stages.map((stage) => ({ stage, seconds: (at('stage-done', stage) - at('stage-start', stage)) / 1000 })),
  );
}

/** Where workers that were started at `from` are: in start-up, in a stage, or `between stages`. */
export function whereIs(out: string, from: number): string {
  const events = eventsSince(out, from);
  const begun = events.findLastIndex(({ event }) => event === 'run-start');
  if (begun < 0) return START_UP;
  const last = events.at(-1)!;
  return last.event === 'stage-start' ? last.as! : 'between stages';
}

/** Stages that a run has finished. */
export const finishedStages = (out: string): Set<string> =>
  new Set(eventsSince(out, 0).flatMap(({ event, as }) => (event === 'stage-done' ? as! : [])));
