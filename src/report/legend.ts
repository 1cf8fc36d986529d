import { escapeText } from './escape.js';

/** Number of colours in the style sheet: classes c0, c1, ... */
export const COLOURS = 8;
const SHAPES = 4;

/** The classes of the i-th line: a colour and, so that colour is not all that tells lines apart, a dash pattern. */
export function lineClass(index: number): string {
  return `line c${index % COLOURS} d${index % 4}`;
}

/** The mark of the i-th group at a point in drawing units; colour and shape together tell 32 groups apart. */
export function marker(index: number, x: number, y: number, size = 4): string {
  const colour = `c${index % COLOURS}`;
  const s = size;
  const at = (dx: number, dy: number) => `${Math.round((x + dx) * 10) / 10} ${Math.round((y + dy) * 10) / 10}`;
  switch ((index + Math.floor(index / COLOURS)) % SHAPES) {
    case 0:
      return `<path class="dot ${colour}" d="M${at(-s, 0)}a${s} ${s} 0 1 0 ${2 * s} 0a${s} ${s} 0 1 0 ${-2 * s} 0z"/>`;
    case 1:
      return `<path class="dot ${colour}" d="M${at(-s * 0.9, -s * 0.9)}h${1.8 * s}v${1.8 * s}h${-1.8 * s}z"/>`;
    case 2:
      return `<path class="dot ${colour}" d="M${at(0, -1.15 * s)}L${at(1.1 * s, 0.85 * s)}L${at(-1.1 * s, 0.85 * s)}z"/>`;
    default:
      return `<path class="dot ${colour}" d="M${at(0, -1.25 * s)}L${at(1.25 * s, 0)}L${at(0, 1.25 * s)}L${at(-1.25 * s, 0)}z"/>`;
  }
}

/** A list of names with their line samples. */
export function lineLegend(names: readonly string[]): string {
  return legend(
    names,
    (i) => `<svg viewBox="0 0 28 12" width="28" height="12"><path class="${lineClass(i)}" d="M1 6H27"/></svg>`,
  );
}

/** A list of names with their marks. */
export function markerLegend(names: readonly string[]): string {
  return legend(names, (i) => `<svg viewBox="0 0 12 12" width="12" height="12">${marker(i, 6, 6)}</svg>`);
}

/** A list of names, each after a small drawing. */
export function legend(names: readonly string[], sample: (index: number) => string): string {
  const items = names.map((name, i) => `<li><span aria-hidden="true">${sample(i)}</span>${escapeText(name)}</li>`);
  return `<ul class="legend">${items.join('')}</ul>`;
}
