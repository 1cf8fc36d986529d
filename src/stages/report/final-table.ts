import { formatFixed, formatInterval, formatPercent, formatSeconds } from '../../report/format.js';
import type { SystemResult } from '../../report/report.js';
import { type Column, textTable } from '../../report/table.js';

/** The final table of a run, for a terminal. */
export function finalTable(systems: readonly SystemResult[]): string {
  const lists = [...new Set(systems.flatMap((system) => Object.keys(system.lists)))];
  const columns: Column<SystemResult>[] = [
    { header: 'system', align: 'left', cell: ({ name, network }) => (network ? `${name} (${network})` : name) },
    ...lists.flatMap((list): Column<SystemResult>[] => [
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
