import { escapeText } from './escape.js';
import { lineClass, lineLegend } from './legend.js';
import { type Area, linePath, plot, round } from './plot.js';
import type { Band, Curve, EntropyChart, LossChart } from './report.js';
import { middleRange, type Point, smooth, thin } from './smooth.js';
import { linearTicks, paddedRange } from './ticks.js';

/** Fewer points than this are drawn as they are: there is no noise to smooth. */
const SMOOTH_FROM = 24;
/** Smoothing horizon as a share of the curve. */
const HORIZON = 1 / 40;

/** Loss curves: raw in the background, smoothed in front. */
export function lossChart({ title, xLabel = 'step', curves, band }: LossChart): string {
  const drawn = curves.map(smoothed);
  const raw = middleRange(
    curves.flatMap((curve) => Array.from(curve.y)),
    0.99,
  ) ?? [0, 1];
  const front = drawn.flatMap(({ front }) => front.map(([, y]) => y));
  const banded = band ? [...Array.from(band.low), ...Array.from(band.high)] : [];
  const range = paddedRange([...raw, ...front, ...banded]);
  const svg = plot({
    label: `${title}: loss by ${xLabel}. ${curves.map(lastValue).join('; ')}`,
    x: xAxis(curves, xLabel),
    y: { title: 'loss', range, ticks: linearTicks(...range) },
    marks: (area) => (band ? drawBand(band, area) : '') + drawn.map((curve, i) => drawCurve(curve, i, area)).join(''),
  });
  const note = band ? `<p class="footnote">Shaded: ${escapeText(band.name)}.</p>` : '';
  return svg + (curves.length > 1 ? lineLegend(curves.map(({ name }) => name)) : '') + note;
}

/** Entropy curves with the two lines of collapse: 0 (one class takes all) and ln K (all classes alike). */
export function entropyChart({ title, xLabel = 'step', curves, classes }: EntropyChart): string {
  const highest = Math.log(Math.max(2, classes));
  const range = [-0.06 * highest, 1.12 * highest] as const;
  const reference = (area: Area, value: number, text: string) => {
    const y = round(area.y(value));
    return (
      `<line class="reference" x1="0" x2="${area.width}" y1="${y}" y2="${y}"/>` +
      `<text class="note" x="${area.width - 4}" y="${y - 6}" text-anchor="end">${escapeText(text)}</text>`
    );
  };
  const svg = plot({
    label: `${title}: entropy by ${xLabel}, between 0 and ln ${classes} = ${highest.toFixed(2)}. ${curves.map(lastValue).join('; ')}`,
    x: xAxis(curves, xLabel),
    y: { title: 'entropy (nats)', range, ticks: linearTicks(0, highest) },
    marks: (area) =>
      reference(area, 0, '0: collapsed to one class') +
      reference(area, highest, `ln ${classes} = ${highest.toFixed(2)}: no information`) +
      curves.map((curve, i) => drawCurve(smoothed(curve), i, area)).join(''),
  });
  return svg + (curves.length > 1 ? lineLegend(curves.map(({ name }) => name)) : '');
}

interface DrawnCurve {
  back: Point[];
  front: Point[];
}

function smoothed({ x, y }: Curve): DrawnCurve {
  const raw = Array.from(y, (value, i): Point => [x[i], value]);
  if (raw.length < SMOOTH_FROM) return { back: [], front: raw };
  const values = smooth(y, Math.max(4, raw.length * HORIZON));
  return { back: thin(raw), front: thin(raw.map(([at], i): Point => [at, values[i]])) };
}

function drawCurve({ back, front }: DrawnCurve, index: number, area: Area): string {
  const path = (points: Point[]) => linePath(points.map(([x, y]) => [area.x(x), area.y(y)] as const));
  const behind = back.length > 0 ? `<path class="raw c${index % 8}" d="${path(back)}"/>` : '';
  return `${behind}<path class="${lineClass(index)}" d="${path(front)}"/>`;
}

function drawBand({ x, low, high }: Band, area: Area): string {
  const along = (y: ArrayLike<number>) => Array.from(y, (value, i) => [area.x(x[i]), area.y(value)] as const);
  return `<path class="band" d="${linePath([...along(high), ...along(low).reverse()])}z"/>`;
}

function xAxis(curves: readonly Curve[], title: string) {
  const range = paddedRange(
    curves.flatMap(({ x }) => Array.from(x)),
    0,
  );
  return { title, range, ticks: linearTicks(...range) };
}

function lastValue({ name, y }: Curve): string {
  const last = y[y.length - 1];
  return `${name} ends at ${last === undefined ? 'nothing' : last.toPrecision(4)}`;
}
