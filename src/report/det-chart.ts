import { clampRate } from '../eval/detection/det.js';
import { probit } from '../eval/detection/probit.js';
import { formatPercent } from './format.js';
import { lineClass, lineLegend, marker } from './legend.js';
import { type Area, linePath, plot, round } from './plot.js';
import type { DetChart, DetSeries } from './report.js';
import type { Tick } from './ticks.js';

const RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];
/** The fewest rates an axis shows, so that curves of perfect systems still have a frame. */
const FROM_AT_MOST = 0.02;
const TO_AT_LEAST = 0.4;
/** As a share of the axis. */
const CLOSEST_TICKS = 0.075;

/** DET curves on probit axes; the mark on each curve is its equal error rate. */
export function detChart({ title, curves }: DetChart): string {
  const eers = curves.map(({ eer }) => eer);
  const rates = curves.flatMap(({ points }) => points.flatMap(({ falseAlarm, miss }) => [falseAlarm, miss]));
  const smallest = Math.min(FROM_AT_MOST, ...rates.filter((rate) => rate > 0));
  const from = RATES.findLast((rate) => rate <= smallest) ?? RATES[0];
  const to = RATES.find((rate) => rate >= Math.max(TO_AT_LEAST, 1.6 * Math.max(0, ...eers))) ?? RATES[RATES.length - 1];
  const range = [probit(from), probit(to)] as const;
  const ticks = rateTicks(range);
  const names = curves.map(({ name, eer }) => `${name}, EER ${formatPercent(eer)}`);
  const svg = plot({
    label: `${title}: detection error trade-off. ${names.join('; ')}`,
    x: { title: 'false alarms (%)', range, ticks },
    y: { title: 'misses (%)', range, ticks },
    height: 462,
    marks: (area) => diagonal(area, range) + curves.map((curve, i) => drawCurve(curve, i, area)).join(''),
  });
  return svg + lineLegend(names);
}

/** Labelled rates inside the range, none so close to the next that their labels touch. */
function rateTicks([low, high]: readonly [number, number]): Tick[] {
  const apart = CLOSEST_TICKS * (high - low);
  const ticks: Tick[] = [];
  for (const rate of RATES) {
    const at = probit(rate);
    if (at < low || at > high || at - (ticks.at(-1)?.at ?? Number.NEGATIVE_INFINITY) < apart) continue;
    ticks.push({ at, text: String(Number((100 * rate).toPrecision(2))) });
  }
  return ticks;
}

function diagonal(area: Area, [low, high]: readonly [number, number]): string {
  const [x0, y0, x1, y1] = [area.x(low), area.y(low), area.x(high), area.y(high)].map(round);
  return `<line class="reference" x1="${x0}" y1="${y0}" x2="${x1}" y2="${y1}"/>`;
}

function drawCurve({ points, eer }: DetSeries, index: number, area: Area): string {
  const at = (rate: number) => probit(clampRate(rate));
  const path = linePath(points.map(({ falseAlarm, miss }) => [area.x(at(falseAlarm)), area.y(at(miss))] as const));
  return `<path class="${lineClass(index)}" d="${path}"/>${marker(index, area.x(at(eer)), area.y(at(eer)), 4.5)}`;
}
