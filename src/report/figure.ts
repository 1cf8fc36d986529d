import { escapeText } from './escape.js';

/** A chart under its title. */
export function figure(title: string, chart: string): string {
  return `<figure><figcaption><h3>${escapeText(title)}</h3></figcaption>${chart}</figure>`;
}

/** A figure of each chart. */
export const chartFigures = <Chart extends { title: string }>(
  charts: readonly Chart[],
  draw: (chart: Chart) => string,
): string[] => charts.map((chart) => figure(chart.title, draw(chart)));

/** Figures side by side, as many as fit; nothing without figures. */
export function figureGrid(figures: readonly string[]): string {
  return figures.length > 0 ? `<div class="grid-of-charts">${figures.join('')}</div>` : '';
}
