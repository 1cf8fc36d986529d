import { lineClass, lineLegend, marker } from './legend.js';
import { type Area, linePath, plot, round } from './plot.js';
import type { Curve, ShareChart } from './report.js';
import { linearTicks, paddedRange } from './ticks.js';

/** Shares between 0 and 1 by epoch, a dot for each. */
export function shareChart({ title, curves }: ShareChart): string {
  const epochs = paddedRange(
    curves.flatMap(({ x }) => Array.from(x)),
    0.02,
  );
  const svg = plot({
    label: `${title}: shares by epoch. ${curves.map(lastShare).join('; ')}`,
    x: { title: 'epoch', range: epochs, ticks: linearTicks(...epochs).filter(({ at }) => Number.isInteger(at)) },
    y: { title: 'share', range: [-0.02, 1.04], ticks: linearTicks(0, 1) },
    marks: (area) => curves.map((curve, i) => drawCurve(curve, i, area)).join(''),
  });
  return svg + lineLegend(curves.map(({ name }) => name));
}

function drawCurve({ x, y }: Curve, index: number, area: Area): string {
  const points = Array.from(y, (value, i) => [area.x(x[i]), area.y(value)] as const);
  const known = points.filter(([, height]) => Number.isFinite(height));
  const dots = known.map(([left, top]) => marker(index, round(left), round(top), 3)).join('');
  return `<path class="${lineClass(index)}" d="${linePath(points)}"/>${dots}`;
}

function lastShare({ name, y }: Curve): string {
  const last = y[y.length - 1];
  return `${name} ${Number.isFinite(last) ? last.toFixed(3) : 'unknown'}`;
}
