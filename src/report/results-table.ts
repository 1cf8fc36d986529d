import type { ListResult } from '../eval/detection/figures.js';
import { escapeText } from './escape.js';
import { formatFixed, formatInterval, formatPercent, formatSeconds } from './format.js';
import type { SystemResult } from './report.js';
import { type Column as TextColumn, textTable } from './table.js';

/** A column; `list` groups the columns of one trial list under its name. */
interface Column {
  header: string;
  list?: string;
  cell: (system: SystemResult) => string;
  /** Drawn in a muted colour. */
  isAside?: boolean;
  /** Marks the best cell of the column. */
  isBest?: (system: SystemResult) => boolean;
}

/** The trial lists of all systems, in order of first mention. */
export function listNames(systems: readonly SystemResult[]): string[] {
  return [...new Set(systems.flatMap(({ lists }) => Object.keys(lists)))];
}

/** The headline table for a terminal. */
export function resultsText(systems: readonly SystemResult[]): string {
  const lists = listNames(systems);
  const columns: TextColumn<SystemResult>[] = [
    { header: 'system', align: 'left', cell: ({ name, network }) => (network ? `${name} (${network})` : name) },
    ...lists.flatMap((list): TextColumn<SystemResult>[] => [
      { header: `${list} EER %`, cell: ({ lists }) => formatPercent(lists[list]?.eer) },
      { header: '95 %', cell: ({ lists }) => formatInterval(lists[list]?.interval?.eer) },
      { header: 'minDCF.01', cell: ({ lists }) => formatFixed(lists[list]?.minDcf?.['0.01'], 3) },
    ]),
    { header: 'NMI', cell: ({ nmi }) => formatFixed(nmi, 3) },
    { header: 'purity', cell: ({ purity }) => formatFixed(purity, 3) },
    { header: 'time', cell: ({ seconds }) => formatSeconds(seconds) },
  ];
  return textTable(systems, columns);
}

/**
 * The headline table as HTML: one row for each system, the lowest EER of each list in bold. Columns that are empty for all systems
 * are left out, and so is a seed that all share.
 */
export function resultsTable(systems: readonly SystemResult[]): string {
  const lists = listNames(systems);
  const listColumns = lists.flatMap((list) => columnsOf(list, systems));
  const rest = restColumns(systems);
  const groups = lists
    .map((list) => ({ list, columns: listColumns.filter((column) => column.list === list).length }))
    .map(({ list, columns }) => `<th scope="colgroup" colspan="${columns}">${escapeText(list)}</th>`);
  const columns = [...listColumns, ...rest];
  const headers = columns.map(
    (column, i) => `<th scope="col"${classOf(column, columns[i - 1])}>${escapeText(column.header)}</th>`,
  );
  const rows = systems.map((system) => {
    const network = system.network ? ` <span class="muted">${escapeText(system.network)}</span>` : '';
    const cells = columns.map((column, i) => {
      const text = escapeText(column.cell(system));
      return `<td${classOf(column, columns[i - 1])}>${column.isBest?.(system) ? `<strong>${text}</strong>` : text}</td>`;
    });
    return `<tr><th scope="row">${escapeText(system.name)}${network}</th>${cells.join('')}</tr>`;
  });
  return (
    '<div class="scroll" tabindex="0" role="region" aria-label="Results"><table>' +
    `<thead><tr><th scope="col" rowspan="2">System</th>${groups.join('')}` +
    `${rest.length > 0 ? `<td colspan="${rest.length}"></td>` : ''}</tr><tr>${headers.join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div><p class="footnote">${explanation(systems)}</p>`
  );
}

/** The first column of a group stands further off. */
function classOf({ list, isAside }: Column, previous: Column | undefined): string {
  if (previous?.list !== list || !previous) return ' class="first"';
  return isAside ? ' class="interval"' : '';
}

function columnsOf(list: string, systems: readonly SystemResult[]): Column[] {
  const of = (system: SystemResult): ListResult | undefined => system.lists[list];
  const lowest = Math.min(...systems.map((system) => of(system)?.eer ?? Number.POSITIVE_INFINITY));
  const priors = priorsOf(systems.flatMap((system) => of(system) ?? []));
  const costs = (system: SystemResult) =>
    priors.map((prior) => formatFixed(of(system)?.minDcf?.[prior], 3)).join(' / ');
  const columns: Column[] = [
    {
      header: 'EER %',
      cell: (system) => formatFixed(100 * (of(system)?.eer ?? Number.NaN), 1),
      isBest: (system) => systems.length > 1 && of(system)?.eer === lowest,
    },
  ];
  if (systems.some((system) => of(system)?.interval)) {
    columns.push({ header: 'interval', isAside: true, cell: (system) => formatInterval(of(system)?.interval?.eer) });
  }
  if (priors.length > 0) columns.push({ header: 'minDCF', cell: costs });
  return columns.map((column) => ({ ...column, list }));
}

function priorsOf(results: readonly ListResult[]): string[] {
  return [...new Set(results.flatMap(({ minDcf }) => Object.keys(minDcf ?? {})))];
}

/** The legend of the columns, for the line under the table. */
function explanation(systems: readonly SystemResult[]): string {
  const results = systems.flatMap(({ lists }) => Object.values(lists));
  const priors = priorsOf(results);
  const parts = ['Equal error rate in percent, the lowest in bold'];
  if (results.some(({ interval }) => interval)) parts.push('interval: 95 % over resampled speakers');
  if (priors.length > 0) parts.push(`minDCF: normalised, at target prior ${priors.join(' / ')}`);
  return `${parts.join('; ')}.`;
}

function restColumns(systems: readonly SystemResult[]): Column[] {
  const columns: (Column & { isFilled: (system: SystemResult) => boolean })[] = [
    { header: 'NMI', cell: ({ nmi }) => formatFixed(nmi, 3), isFilled: ({ nmi }) => typeof nmi === 'number' },
    {
      header: 'purity',
      cell: ({ purity }) => formatFixed(purity, 3),
      isFilled: ({ purity }) => typeof purity === 'number',
    },
    { header: 'seed', cell: ({ seed }) => String(seed ?? '–'), isFilled: ({ seed }) => seed !== systems[0].seed },
    {
      header: 'time',
      cell: ({ seconds }) => formatSeconds(seconds),
      isFilled: ({ seconds }) => typeof seconds === 'number',
    },
  ];
  return columns.filter(({ isFilled }) => systems.some(isFilled));
}
