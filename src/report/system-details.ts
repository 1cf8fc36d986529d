import { type CostName, figuresOfKind, type ListResult } from '../eval/detection/figures.js';
import { escapeText } from './escape.js';
import { formatFixed, formatInterval, formatPercent } from './format.js';
import type { SystemResult } from './report.js';

/** One figure, with a column for each trial list; null where a list lacks it. */
interface Row {
  label: string;
  cell: (result: ListResult) => string | null;
}

interface Part {
  title: string;
  rows: Row[];
}

/**
 * The figures that the headline table has no room for, as a folded table of one system: costs with intervals, Cllr, the EER under each
 * scoring rule and within groups of trials. A row for each figure and a column for each trial list; empty without any such figure.
 */
export function systemDetails({ name, network, lists }: SystemResult): string {
  const results = Object.entries(lists);
  const filled = partsOf(results.map(([, result]) => result))
    .map(({ title, rows }) => ({
      title,
      rows: rows.filter(({ cell }) => results.some(([, result]) => cell(result) !== null)),
    }))
    .filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return '';
  const headers = results.map(([list]) => `<th scope="col">${escapeText(list)}</th>`).join('');
  const bodies = filled.map(({ title, rows }) => {
    const lines = rows.map(({ label, cell }) => {
      const cells = results.map(([, result]) => `<td>${escapeText(cell(result) ?? '–')}</td>`).join('');
      return `<tr><td class="figure">${escapeText(label)}</td>${cells}</tr>`;
    });
    const heading = `<tr><th scope="rowgroup" colspan="${results.length + 1}">${escapeText(title)}</th></tr>`;
    return `<tbody>${heading}${lines.join('')}</tbody>`;
  });
  const title = escapeText(network ? `${name} (${network})` : name);
  return (
    `<details class="card"><summary>${title}: costs, rules and groups</summary>` +
    `<div class="scroll" tabindex="0" role="region" aria-label="Figures of ${title}"><table>` +
    `<thead><tr><td></td>${headers}</tr></thead>${bodies.join('')}</table></div></details>`
  );
}

function partsOf(results: readonly ListResult[]): Part[] {
  return [
    { title: 'Costs (95 %), further error rates, Cllr in bits', rows: figureRows(results) },
    { title: 'EER % by scoring rule', rows: ruleRows(results) },
    ...keysOf(results.map(({ groups }) => groups)).map((by) => ({
      title: `EER % by ${by} (trials)`,
      rows: groupRows(results, by),
    })),
  ];
}

/** All figures but the headline EER: costs by prior, then rates and bits. */
function figureRows(results: readonly ListResult[]): Row[] {
  const costs = figuresOfKind('cost');
  const priors = keysOf(results.flatMap((result) => costs.map(({ name }) => result[name])));
  const rates = figuresOfKind('rate').filter(({ name }) => name !== 'eer');
  return [
    ...priors.flatMap((prior) =>
      costs.map(({ name, label }) => ({
        label: `${label} at ${prior}`,
        cell: (result: ListResult) => costText(result, name, prior),
      })),
    ),
    ...rates.map(({ name, label }) => ({ label, cell: (result: ListResult) => textOf(result[name], formatPercent) })),
    ...figuresOfKind('bits').map(({ name, label }) => ({
      label,
      cell: (result: ListResult) => textOf(result[name], (value) => formatFixed(value, 3)),
    })),
  ];
}

const textOf = (value: number | null | undefined, format: (value: number) => string): string | null =>
  typeof value === 'number' ? format(value) : null;

function costText(result: ListResult, name: CostName, prior: string): string | null {
  const bounds = name === 'minDcf' ? result.interval?.minDcf?.[prior] : undefined;
  const range = bounds ? ` (${bounds.map((bound) => formatFixed(bound, 3)).join('–')})` : '';
  return textOf(result[name]?.[prior], (cost) => `${formatFixed(cost, 3)}${range}`);
}

/** One rule alone is the headline's. */
function ruleRows(results: readonly ListResult[]): Row[] {
  const rules = keysOf(results.map(({ byRule }) => byRule));
  if (rules.length < 2) return [];
  return rules.map((rule) => ({
    label: rule,
    cell: ({ byRule }) => {
      const figures = byRule?.[rule];
      if (!figures) return null;
      return `${percent(figures.eer)}${figures.interval ? ` (${formatInterval(figures.interval.eer)})` : ''}`;
    },
  }));
}

/** A group without targets or without nontargets has no EER, and so no row. */
function groupRows(results: readonly ListResult[], by: string): Row[] {
  return keysOf(results.map(({ groups }) => groups?.[by])).map((group) => ({
    label: group,
    cell: ({ groups }) => {
      const { eer = null, trials } = groups?.[by]?.[group] ?? {};
      return eer === null ? null : `${percent(eer)} (${trials})`;
    },
  }));
}

const percent = (fraction: number): string => formatFixed(100 * fraction, 1);

const keysOf = (records: readonly (object | null | undefined)[]): string[] => [
  ...new Set(records.flatMap((record) => Object.keys(record ?? {}))),
];
