import type { ListResult } from '../eval/detection/figures.js';
import { escapeText } from './escape.js';
import { formatPercent } from './format.js';
import { marker } from './legend.js';
import { type Area, plot, round } from './plot.js';
import type { SystemResult } from './report.js';
import { linearTicks } from './ticks.js';

const ROW = 44;

interface Row {
  name: string;
  result: ListResult;
}

/** Equal error rates of all systems on one list with their intervals, on an axis from 0 to `highest` (a fraction). */
export function eerChart(systems: readonly SystemResult[], list: string, highest: number): string {
  const rows = systems.flatMap((system) => {
    const result = system.lists[list];
    return result ? [{ name: systemName(system), result }] : [];
  });
  const range = [0, 100 * highest * 1.05] as const;
  return plot({
    label: `Equal error rates, ${list}. ${rows.map(({ name, result }) => `${name}: ${formatPercent(result.eer)}`).join('; ')}`,
    x: { title: 'equal error rate (%)', range, ticks: linearTicks(...range, 6) },
    y: { title: '', range: [0, 1], ticks: [] },
    height: 66 + ROW * rows.length,
    marks: (area) => rows.map((row, i) => drawRow(row, i * ROW, area)).join(''),
  });
}

/** The highest rate that charts of these systems must show, intervals included; a fraction. */
export function highestRate(systems: readonly SystemResult[]): number {
  const results = systems.flatMap(({ lists }) => Object.values(lists));
  return Math.max(0.01, ...results.flatMap(({ eer, interval }) => [eer, ...(interval?.eer ?? [])]));
}

/** A system's name with its network. */
export function systemName({ name, network }: SystemResult): string {
  return network ? `${name} (${network})` : name;
}

function drawRow({ name, result }: Row, top: number, area: Area): string {
  const x = (rate: number) => round(area.x(100 * rate));
  const y = top + 29;
  const [low, high] = result.interval?.eer ?? [result.eer, result.eer];
  return (
    `<text class="note strong halo" x="6" y="${top + 15}">${escapeText(name)}` +
    `<tspan class="value" dx="8">${formatPercent(result.eer)}</tspan></text>` +
    `<line class="whisker c0" x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}"/>${marker(0, x(result.eer), y, 4.5)}`
  );
}
