import test from 'ava';
import { lossChart } from '../../src/report/line-chart.js';

const CURVE = { name: 'loss', x: [0, 1, 2], y: [3, 2, 1] };

test('a band is drawn behind the curve, within the range of the axis, and named', (t) => {
  const band = { name: 'three <runs>', x: [0, 1, 2], low: [2, 1, 0], high: [9, 8, 7] };
  const chart = lossChart({ title: 'x', curves: [CURVE], band });
  const path = /<path class="band" d="(M[^"]*)z"\/>/.exec(chart)?.[1] ?? '';
  const points = path
    .slice(1)
    .split('L')
    .map((point) => point.split(' ').map(Number));
  t.is(points.length, 6);
  // Along the upper edge and back along the lower one; further down is more.
  t.deepEqual([points[0][0], points[5][0]], [0, 0]);
  t.true(points[0][1] < points[5][1] && points[0][1] >= 0);
  t.true(chart.indexOf('class="band"') < chart.indexOf('class="line'));
  t.regex(chart, /Shaded: three &lt;runs&gt;\./);
  t.notRegex(lossChart({ title: 'x', curves: [CURVE] }), /band|Shaded/);
});
