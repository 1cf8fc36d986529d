import test from 'ava';
import { renderReport } from '../../src/report/render.js';
import type { Report } from '../../src/report/report.js';

const VOID = new Set(['meta', 'link']);

/** Names of elements, in order; throws where tags do not nest or an attribute is not quoted. */
function elementsOf(html: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, tag] of html.replace(/<style>[^<]*<\/style>/, '').matchAll(/<([^>]*)>/g)) {
    if (tag.startsWith('!')) continue;
    if (tag.startsWith('/')) {
      const expected = open.pop();
      if (expected !== tag.slice(1)) throw new Error(`</${tag.slice(1)}> closes <${expected}>`);
      continue;
    }
    const match = /^([a-z][a-z0-9]*)((?: [a-zA-Z][a-zA-Z0-9-]*="[^"]*")*)(\/?)$/.exec(tag);
    if (!match) throw new Error(`broken tag <${tag}>`);
    names.push(match[1]);
    if (!VOID.has(match[1]) && match[3] === '') open.push(match[1]);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.join(' ')}`);
  return names;
}

const count = (n: number, f: (i: number) => number) => Array.from({ length: n }, (_, i) => f(i));
const curve = (name: string, n: number, f: (i: number) => number) => ({ name, x: count(n, (i) => i), y: count(n, f) });

function fullReport(word: string): Report {
  const points = [
    { falseAlarm: 1, miss: 0 },
    { falseAlarm: 0.2, miss: 0.1 },
    { falseAlarm: 0, miss: 1 },
  ];
  const result = {
    eer: 0.15,
    minDcf: { '0.01': 0.9, '0.05': 0.8 },
    interval: { eer: [0.1, 0.2] as [number, number] },
    groups: { [word]: { [word]: { eer: 0.1, trials: 9, targets: 4 }, other: { eer: 0.2, trials: 9, targets: 4 } } },
    byRule: { [word]: { eer: 0.15 }, other: { eer: 0.2 } },
  };
  return {
    title: word,
    subtitle: word,
    figures: [{ label: word, value: word, note: word }],
    systems: [
      {
        name: word,
        network: word,
        seed: 1,
        lists: { [word]: result, other: { eer: 0.3 } },
        nmi: 0.5,
        purity: 0.6,
        seconds: 75,
      },
      { name: 'second', seed: 2, lists: { [word]: { eer: 0.1 } }, nmi: null },
    ],
    losses: [
      { title: word, xLabel: word, curves: [curve(word, 700, (i) => 5 - i / 200), curve('two', 700, (i) => i % 7)] },
    ],
    entropies: [{ title: word, classes: 512, curves: [curve(word, 30, (i) => 6 - i / 10), curve('two', 30, () => 3)] }],
    gates: [
      { title: word, losses: count(200, (i) => 0.01 * (i + 1)), threshold: 1 },
      { title: word, losses: [1, 2, 3], threshold: null },
    ],
    shares: [{ title: word, curves: [curve(word, 12, (i) => i / 12), curve('unknown', 12, () => Number.NaN)] }],
    dets: [{ title: word, curves: [{ name: word, points, eer: 0.15 }] }],
    maps: [
      {
        title: word,
        x: count(80, (i) => i % 9),
        y: count(80, (i) => i % 7),
        groups: count(80, (i) => i % 40).map((g) => `${word}${g}`),
        note: word,
      },
    ],
    labelsUsedForSelection: false,
    notes: [{ title: word, items: [word, word] }],
    environment: { [word]: word, threads: 2, gpu: null },
    config: word,
  };
}

test('a full report is well-formed, with every section', (t) => {
  const html = renderReport(fullReport('plain'));
  t.notThrows(() => elementsOf(html));
  for (const id of ['results', 'training', 'gate', 'det', 'map', 'data', 'setting'])
    t.true(html.includes(`id="${id}"`), id);
  t.is(elementsOf(html).filter((name) => name === 'figure').length, 9);
});

test('no text can break out: every field is escaped', (t) => {
  const evil = `<script>alert("1")</script>&'\0</style></svg>`;
  const html = renderReport(fullReport(evil));
  t.notThrows(() => elementsOf(html));
  t.deepEqual(elementsOf(html), elementsOf(renderReport(fullReport('plain'))));
  t.false(html.includes('<script'));
  t.false(html.includes('\0'));
});

test('nothing is fetched and nothing runs', (t) => {
  const html = renderReport(fullReport('plain'));
  t.notRegex(html, /https?:|\/\/[a-z]|src=|url\(|@import|<script| on[a-z]+=/);
  t.regex(html, /Content-Security-Policy" content="default-src 'none'/);
});

test('every drawing says what it shows', (t) => {
  const html = renderReport(fullReport('plain'));
  const charts = [...html.matchAll(/<\/figcaption><svg ([^>]*)>/g)].map(([, attributes]) => attributes);
  t.is(charts.length, 9);
  for (const attributes of charts) t.regex(attributes, /role="img" aria-label="[^"]{10,}"/);
});

test('an empty report is a page without sections', (t) => {
  const html = renderReport({ title: 'Nothing yet' });
  t.notThrows(() => elementsOf(html));
  t.false(html.includes('<section'));
  t.false(
    renderReport({ title: 'x', losses: [], systems: [], notes: [{ title: 'none', items: [] }] }).includes('<section'),
  );
});

test('the same report gives the same bytes', (t) => {
  t.is(renderReport(fullReport('plain')), renderReport(fullReport('plain')));
});

test('degenerate data draws no impossible coordinates', (t) => {
  const { NaN: nan, POSITIVE_INFINITY: infinite } = Number;
  const html = renderReport({
    title: 'degenerate',
    systems: [{ name: 'perfect', lists: { clean: { eer: 0, interval: { eer: [0, 0] } } } }],
    losses: [
      { title: 'none', curves: [] },
      { title: 'empty', curves: [curve('a', 0, () => 0)] },
      { title: 'one', curves: [curve('a', 1, () => 3)] },
      { title: 'constant', curves: [curve('a', 50, () => 3)] },
      { title: 'diverged', curves: [curve('a', 900, (i) => (i > 400 ? nan : i > 390 ? infinite : 2))] },
      { title: 'never finite', curves: [curve('a', 50, () => nan)] },
    ],
    entropies: [{ title: 'one class', classes: 1, curves: [curve('a', 5, () => 0)] }],
    gates: [
      { title: 'empty', losses: [], threshold: 1 },
      { title: 'zero', losses: [0, 0, nan], threshold: 0 },
      { title: 'far', losses: [1, 1, 1], threshold: 1e9 },
    ],
    dets: [
      { title: 'none', curves: [] },
      {
        title: 'perfect',
        curves: [
          {
            name: 'a',
            eer: 0,
            points: [
              { falseAlarm: 1, miss: 0 },
              { falseAlarm: 0, miss: 0 },
              { falseAlarm: 0, miss: 1 },
            ],
          },
        ],
      },
      {
        title: 'reversed',
        curves: [
          {
            name: 'a',
            eer: 1,
            points: [
              { falseAlarm: 1, miss: 0 },
              { falseAlarm: 1, miss: 1 },
              { falseAlarm: 0, miss: 1 },
            ],
          },
        ],
      },
    ],
    maps: [
      { title: 'empty', x: [], y: [], groups: [] },
      { title: 'one place', x: [2, 2], y: [0, 0], groups: ['a', 'b'] },
    ],
  });
  t.notThrows(() => elementsOf(html));
  for (const [attribute] of html.matchAll(/ (?:x|y|x1|x2|y1|y2|cx|cy|d|width|height)="[^"]*"/g)) {
    t.false(/NaN|Infinity|undefined/.test(attribute), attribute);
  }
});

test('the table marks the lowest rate of each list and leaves out columns that nobody fills', (t) => {
  const lists = (eer: number) => ({ clean: { eer } });
  const html = renderReport({
    title: 'x',
    systems: [
      { name: 'a', lists: lists(0.2) },
      { name: 'b', lists: lists(0.1) },
    ],
  });
  t.true(html.includes('<strong>10.0</strong>'));
  t.false(html.includes('<strong>20.0</strong>'));
  for (const absent of ['minDCF', 'interval</th>', 'NMI', 'purity', 'seed']) t.false(html.includes(absent), absent);
});

test("a system's folded table shows costs, rules and groups, and no row that is empty for every list", (t) => {
  const interval = { eer: [0.1, 0.2] as [number, number], minDcf: { '0.01': [0.41, 0.62] as [number, number] } };
  const figures = { eer: 0.15, minDcf: { '0.01': 0.512 }, minCllr: 0.31, eerConvexHull: 0.141, interval };
  const clean = {
    ...figures,
    actDcf: { '0.01': 0.734 },
    cllr: 0.42,
    groups: { gender: { f: { eer: 0.123, trials: 40, targets: 20 }, mixed: { eer: null, trials: 50, targets: 0 } } },
    byRule: { raw: { eer: 0.25 }, calibrated: { eer: 0.15, interval } },
  };
  const lists = { clean, channel: { eer: 0.2, actDcf: null, cllr: null } };
  const html = renderReport({ title: 'x', systems: [{ name: 'loop', lists }] });
  t.notThrows(() => elementsOf(html));
  const cells = [...html.matchAll(/<td class="figure">([^<]*)<\/td><td>([^<]*)<\/td><td>([^<]*)<\/td>/g)];
  t.deepEqual(
    cells.map(([, ...texts]) => texts),
    [
      ['minDCF at 0.01', '0.512 (0.410–0.620)', '–'],
      ['actDCF at 0.01', '0.734', '–'],
      ['EER (ROCCH)', '14.1\u00a0%', '–'],
      ['min Cllr', '0.310', '–'],
      ['Cllr', '0.420', '–'],
      ['raw', '25.0', '–'],
      ['calibrated', '15.0 (10.0–20.0)', '–'],
      ['f', '12.3 (40)', '–'],
    ],
  );
  const bare = renderReport({ title: 'x', systems: [{ name: 'loop', lists: { clean: { eer: 0.2 } } }] });
  t.false(bare.includes('<details'));
});

test('the report says whether labels decided anything, if it is told', (t) => {
  t.regex(renderReport({ title: 'x', labelsUsedForSelection: true }), /Speaker labels were used/);
  t.regex(renderReport({ title: 'x', labelsUsedForSelection: false }), /No speaker label was used/);
  t.false(renderReport({ title: 'x' }).includes('class="labels'));
});

test('a curve of a hundred thousand steps stays a small drawing', (t) => {
  const html = renderReport({
    title: 'x',
    losses: [{ title: 'long', curves: [curve('a', 100_000, (i) => Math.sin(i))] }],
  });
  t.true(html.length < 40_000, `${html.length} characters`);
});
