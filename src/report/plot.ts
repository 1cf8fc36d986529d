import { escapeText } from './escape.js';
import type { Tick } from './ticks.js';

/** An axis of a plot; range and ticks are in the units that are drawn (a logarithm, a probit, ...). */
export interface Axis {
  title: string;
  range: readonly [number, number];
  ticks: readonly Tick[];
}

/** Maps axis units to the drawing's units, inside the plot area. */
export interface Area {
  width: number;
  height: number;
  x: (value: number) => number;
  y: (value: number) => number;
}

export interface Plot {
  /** Text for screen readers. */
  label: string;
  x: Axis;
  /** Without ticks there are no labels on the left, and the plot takes their space. */
  y: Axis;
  /** Height of the whole drawing; its width is 480. */
  height?: number;
  /** SVG inside the plot area; it is clipped to the area. */
  marks: (area: Area) => string;
}

const WIDTH = 480;
const RIGHT = 16;

/** A drawing with axes, grid and marks; colours and type come from the page's style sheet. */
export function plot({ label, x, y, height = 310, marks }: Plot): string {
  const left = y.ticks.length > 0 ? 54 : 16;
  const top = y.title ? 30 : 6;
  const below = x.ticks.length > 0 ? 50 : 8;
  const area = areaOf(x.range, y.range, WIDTH - left - RIGHT, height - top - below);
  const bottom = top + area.height;
  const gridX = x.ticks.map(({ at, text }) => {
    const px = round(left + area.x(at));
    return (
      `<line class="grid" x1="${px}" x2="${px}" y1="${top}" y2="${bottom}"/>` +
      `<text class="tick" x="${px}" y="${bottom + 20}" text-anchor="middle">${escapeText(text)}</text>`
    );
  });
  const gridY = y.ticks.map(({ at, text }) => {
    const py = round(top + area.y(at));
    return (
      `<line class="grid" x1="${left}" x2="${left + area.width}" y1="${py}" y2="${py}"/>` +
      `<text class="tick" x="${left - 8}" y="${py}" dy=".35em" text-anchor="end">${escapeText(text)}</text>`
    );
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeText(label)}">`,
    ...gridX,
    ...gridY,
    `<text class="axis" x="${left + area.width}" y="${bottom + 41}" text-anchor="end">${escapeText(x.title)}</text>`,
    `<text class="axis" x="${y.ticks.length > 0 ? 8 : left}" y="14">${escapeText(y.title)}</text>`,
    `<svg x="${left}" y="${top}" width="${area.width}" height="${area.height}">${marks(area)}</svg>`,
    x.ticks.length === 0
      ? ''
      : `<line class="base" x1="${left}" x2="${left + area.width}" y1="${bottom}" y2="${bottom}"/>`,
    '</svg>',
  ].join('');
}

function areaOf([x0, x1]: Axis['range'], [y0, y1]: Axis['range'], width: number, height: number): Area {
  return {
    width,
    height,
    x: (value) => ((value - x0) / (x1 - x0)) * width,
    y: (value) => height - ((value - y0) / (y1 - y0)) * height,
  };
}

/** A polyline in drawing units; points that are not finite break it. */
export function linePath(points: Iterable<readonly [number, number]>): string {
  let path = '';
  let pen = 'M';
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) {
      path += `${pen}${round(x)} ${round(y)}`;
      pen = 'L';
    } else {
      pen = 'M';
    }
  }
  return path;
}

/** One decimal is a tenth of a pixel: enough, and it keeps the file small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
