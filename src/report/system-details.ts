import { escapeText } from './escape.js';
import { formatFixed, formatInterval } from './format.js';
import type { ListResult, SystemResult } from './report.js';

/** One figure, in a column for each trial list; null where a list lacks it. */
interface Row {
  label: string;
  cell: (result: ListResult) => string | null;
}

interface Part {
  title: string;
  rows: Row[];
}

/**
 * What the headline table has no room for, as a folded table of one system: costs with intervals, Cllr, the EER under each scoring rule
 * and within groups of trials. A column a trial list, a row a figure; empty for a system with nothing more to tell.
 */
export function systemDetails({ name, network, lists }: SystemResult): string {
  const results = Object.entries(lists);
  const filled = partsOf(results.map(([, result]) => result))
    .map(({ title, rows }) => ({
      title,
      rows: rows.filter(({ cell }) => results.some(([, one]) => cell(one) !== null)),
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
    { title: 'Detection cost (95 %) and Cllr in bits', rows: costRows(results) },
    { title: 'EER % by scoring rule', rows: ruleRows(results) },
    ...keysOf(results.map(({ groups }) => groups)).map((by) => ({
      title: `EER % by ${by} (trials)`,
      rows: groupRows(results, by),
    })),
  ];
}

function costRows(results: readonly ListResult[]): Row[] {
  const number = (value: number | null | undefined) => (typeof value === 'number' ? formatFixed(value, 3) : null);
  const atPrior = (prior: string): Row[] => [
    { label: `minDCF at ${prior}`, cell: (result) => costOf(result, prior) },
    { label: `actDCF at ${prior}`, cell: ({ actDcf }) => number(actDcf?.[prior]) },
  ];
  return [
    ...keysOf(results.map(({ minDcf }) => minDcf)).flatMap(atPrior),
    { label: 'min Cllr', cell: ({ minCllr }) => number(minCllr) },
    { label: 'Cllr', cell: ({ cllr }) => number(cllr) },
  ];
}

function costOf({ minDcf, interval }: ListResult, prior: string): string | null {
  const cost = minDcf?.[prior];
  if (cost === undefined) return null;
  const bounds = interval?.minDcf?.[prior]?.map((bound) => formatFixed(bound, 3));
  return `${formatFixed(cost, 3)}${bounds ? ` (${bounds.join('–')})` : ''}`;
}

/** One rule alone is the headline's. */
function ruleRows(results: readonly ListResult[]): Row[] {
  const rules = keysOf(results.map(({ byRule }) => byRule));
  if (rules.length < 2) return [];
  return rules.map((rule) => ({
    label: rule,
    cell: ({ byRule }) => {
      const found = byRule?.[rule];
      if (!found) return null;
      return `${percent(found.eer)}${found.interval ? ` (${formatInterval(found.interval.eer)})` : ''}`;
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

const keysOf = (records: readonly (object | undefined)[]): string[] => [
  ...new Set(records.flatMap((record) => Object.keys(record ?? {}))),
];
