import { figuresOfKind } from '../../eval/detection/figures.js';
import { type Column, textTable } from '../../report/table.js';
import type { Metrics } from './metrics-compute.js';

/** Metrics for the terminal: one table, and others for thresholds and groups where they were asked for. */
export function metricsText(metrics: Metrics): string {
  return [mainTable(metrics), thresholdRows(metrics), ...groupTables(metrics), repeatedNote(metrics)]
    .filter((part) => part !== '')
    .join('\n\n');
}

const left = (header: string, cell: (row: string[]) => string): Column<string[]> => ({ header, cell, align: 'left' });
const columnsOf = (headers: string[]) => headers.map((header, i) => left(header, (row) => row[i]));

function mainTable(metrics: Metrics): string {
  const { trials, targets, eerByRule, rule, interval, costs } = metrics;
  const cost =
    costs.costMiss === 1 && costs.costFalseAlarm === 1 ? '' : `, costs ${costs.costMiss}/${costs.costFalseAlarm}`;
  const unit = `${cost}${costs.normalised ? '' : ', not normalised'}`;
  const rules = Object.entries(eerByRule).toSorted(([a], [b]) => Number(b === rule) - Number(a === rule));
  const spread = ([low, high]: [number, number], text: (value: number) => string) => ` [${text(low)}, ${text(high)}]`;
  const range = (name: string, prior: string) =>
    interval && name === 'minDcf' ? spread(interval.minDcf[prior], fixed) : '';
  const rows = [
    ['trials', `${trials} (${targets} target, ${trials - targets} nontarget)`],
    // Rates: by every rule. The intervals are those of the interpolated one.
    ...rules.map(([name, eer]) => [
      name === rule ? `EER, ${name}` : `  ${name}`,
      percent(eer) + (interval && name === 'interpolated' ? spread(interval.eer, percent) : ''),
    ]),
    ...figuresOfKind('cost').flatMap(({ name, label }) =>
      Object.entries(metrics[name]).map(([p, value]) => [`${label}, p = ${p}${unit}`, fixed(value) + range(name, p)]),
    ),
    ...figuresOfKind('bits').map(({ name, label }) => [label, `${fixed(metrics[name])} bits`]),
  ];
  return textTable(rows, columnsOf(['metric', interval ? 'value [95 % by speaker]' : 'value']));
}

function thresholdRows({ thresholds }: Metrics): string {
  if (thresholds.length === 0) return '';
  const rows = thresholds.map(({ allowed, threshold, falseAccept, falseReject }) => [
    percent(allowed),
    threshold === Number.NEGATIVE_INFINITY ? 'any' : String(Number(threshold.toPrecision(6))),
    percent(falseAccept),
    percent(falseReject),
  ]);
  return textTable(rows, columnsOf(['false accepts allowed', 'accept above', 'false accepts', 'false rejects']));
}

function groupTables({ groups = {} }: Metrics): string[] {
  return Object.entries(groups).map(([column, figures]) => {
    const rows = Object.entries(figures).map(([name, { trials, targets, eer }]) => [
      name,
      String(trials),
      String(targets),
      eer === null ? 'one kind of trial only' : percent(eer),
    ]);
    return textTable(rows, columnsOf([column, 'trials', 'targets', 'EER']));
  });
}

function repeatedNote({ repeated }: Metrics): string {
  if (!repeated || repeated.count === 0) return '';
  const more = repeated.count > repeated.examples.length ? '; ...' : '';
  return `${repeated.count} trials are listed more than once and count each time: ${repeated.examples.join('; ')}${more}`;
}

const percent = (rate: number) => `${(100 * rate).toFixed(3)} %`;
const fixed = (value: number) => value.toFixed(4);
