import { join } from 'node:path';
import { roundsPath } from '../../stages/loop/rounds-record.js';
import { gatePath } from '../../train/gate/gate-record.js';
import type { LossHistogram } from '../../train/gate/loss-histogram.js';
import { growingLines } from '../growing-lines.js';
import { type FoundStage, metricsPath } from '../run-folder.js';
import type { SummaryValue } from './event.js';
import { beginEventLog, type EventLog, type StepValues } from './event-log.js';

type Line = Record<string, unknown>;

/** The records of a stage that become event files, each of its own: their steps count different things. */
interface Series {
  source: string;
  /** Folder of the event file, within that of all. */
  folder: string;
  values(line: Line): StepValues;
}

/** What can be drawn of a stage: a training by step, its gate by epoch, a loop by round. */
function seriesOf({ name, dir }: FoundStage): Series[] {
  return [
    {
      source: metricsPath({ dir }),
      folder: name,
      values: ({ step, outputs: _, ...metrics }) => ({ step: Number(step), values: scalars(metrics) }),
    },
    { source: gatePath(dir), folder: join(name, 'gate'), values: gateValues },
    {
      source: roundsPath(dir),
      folder: join(name, 'rounds'),
      values: ({ round, eer, ...figures }) => ({
        step: Number(round),
        values: scalars(figures, 'round/').concat(scalars(eer as Line, 'round/eer/')),
      }),
    },
  ];
}

function gateValues({ epoch, gate: threshold, components, histogram, ...shares }: Line): StepValues {
  const values = scalars({ threshold, ...shares }, 'gate/').concat(scalars(components as Line, 'gate/components/'));
  const losses: SummaryValue[] = histogram ? [{ tag: 'gate/losses', histogram: histogram as LossHistogram }] : [];
  return { step: Number(epoch), values: values.concat(losses) };
}

/** The numbers among some figures; what is not known is left out. */
const scalars = (figures: Line = {}, prefix = ''): SummaryValue[] =>
  Object.entries(figures).flatMap(([name, value]) =>
    typeof value === 'number' ? [{ tag: prefix + name, scalar: value }] : [],
  );

/** Writes the event files of a stage into folders of `out`: each call adds what the stage has done since the last one. */
export function followStage(stage: FoundStage, out: string): () => void {
  const parts = seriesOf(stage).map((series) => ({ series, read: growingLines(series.source) }));
  const logs = new Map<Series, EventLog>();
  return () => {
    for (const { series, read } of parts) {
      const { anew, lines, writtenMs } = read();
      const [steps, seconds] = [lines.map(series.values), writtenMs / 1000];
      if (anew) logs.set(series, beginEventLog(join(out, series.folder), steps, seconds));
      else logs.get(series)?.add(steps, seconds);
    }
  };
}
