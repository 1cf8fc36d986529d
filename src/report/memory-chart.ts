import { escapeText } from './escape.js';
import { formatFixed, formatSeconds } from './format.js';
import { formatMebibytes, type MemoryRow, networkName, PARTS } from './memory-rows.js';
import { round } from './plot.js';
import { PALETTE } from './style.js';
import { linearTicks } from './ticks.js';

const [WIDTH, RIGHT, TOP, BOTTOM] = [860, 170, 84, 48];
/** Width of a character of the names, about. */
const CHARACTER = 6.8;
const [ROW, BAR, GAP] = [24, 16, 10];
const MEBIBYTE = 2 ** 20;

/**
 * A drawing that stands by itself: one stacked bar for each row, part by part, with its peak and the time of a step. Predicted bars
 * are paler, their peaks marked "~".
 */
export function memoryChart(title: string, rows: readonly MemoryRow[]): string {
  const tops = placeRows(rows);
  const bottom = (tops.at(-1) ?? TOP) + ROW;
  const height = bottom + BOTTOM;
  const largest = Math.max(...rows.map(({ peakBytes }) => peakBytes)) / MEBIBYTE;
  const left = 16 + CHARACTER * Math.max(...rows.map((row) => barName(row).length));
  const x = (bytes: number) => left + (bytes / MEBIBYTE / largest) * (WIDTH - left - RIGHT);
  const label = rows.map((row) => `${barName(row)}: ${peakText(row)}`).join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ` +
      `aria-label="${escapeText(`${title}. ${label}`)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="16" y="28">${escapeText(title)}</text>`,
    legend(),
    ...linearTicks(0, largest).map(({ at, text }) => {
      const px = round(x(at * MEBIBYTE));
      return (
        `<line class="grid" x1="${px}" x2="${px}" y1="${TOP - 8}" y2="${bottom}"/>` +
        `<text x="${px}" y="${bottom + 18}" text-anchor="middle">${escapeText(text)}</text>`
      );
    }),
    `<text x="${WIDTH - RIGHT}" y="${bottom + 38}" text-anchor="end">MiB at the peak of a step</text>`,
    ...rows.map((row, i) => bar(row, tops[i], x)),
    '</svg>\n',
  ].join('');
}

/** Heights at which rows begin: a gap before each further family. */
function placeRows(rows: readonly MemoryRow[]): number[] {
  let at = TOP;
  return rows.map((row, i) => {
    if (i > 0) at += ROW + (familyOf(row) === familyOf(rows[i - 1]) ? 0 : GAP);
    return at;
  });
}

const barName = (row: MemoryRow): string => `${networkName(row)}, ${row.stateBits} bit`;

const familyOf = ({ backbone }: MemoryRow): string => backbone.replace(/^(prev|frev)-/, '');

function bar(row: MemoryRow, top: number, x: (bytes: number) => number): string {
  let from = 0;
  const segments = PARTS.map(({ part }, i) => {
    const start = x(from);
    from += row.parts[part];
    return `<rect class="c${i}" x="${round(start)}" y="${top}" width="${round(x(from) - start)}" height="${BAR}"/>`;
  });
  const middle = top + BAR / 2;
  return [
    `<text class="name" x="${round(x(0) - 8)}" y="${middle}" dy=".35em" text-anchor="end">${escapeText(barName(row))}</text>`,
    `<g${row.predicted ? ' class="predicted"' : ''}>${segments.join('')}</g>`,
    `<text class="name" x="${round(x(row.peakBytes) + 8)}" y="${middle}" dy=".35em">${peakText(row)}</text>`,
  ].join('');
}

function peakText({ peakBytes, predicted, stepMs }: MemoryRow): string {
  const time =
    stepMs === null ? '' : `, ${stepMs < 9950 ? `${formatFixed(stepMs, 0)} ms` : formatSeconds(stepMs / 1000)}`;
  return `${predicted ? '~' : ''}${formatMebibytes(peakBytes)} MiB${time}`;
}

function legend(): string {
  let at = 16;
  return PARTS.map(({ title }, i) => {
    const item = `<rect class="c${i}" x="${at}" y="46" width="11" height="11"/><text x="${at + 16}" y="55.5">${title}</text>`;
    at += 36 + 7 * title.length;
    return item;
  }).join('');
}

const STYLE =
  `${PALETTE}text{font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--muted)}` +
  '.title{font-size:17px;font-weight:640;fill:var(--ink)}.name{fill:var(--ink)}.page{fill:var(--card)}.grid{stroke:var(--grid)}' +
  '.predicted{opacity:.5}' +
  PARTS.map((_, i) => `.c${i}{fill:var(--c${i})}`).join('');
