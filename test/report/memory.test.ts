import test from 'ava';
import { emptyParts } from '../../src/engine/memory/memory-parts.js';
import { memoryChart } from '../../src/report/memory-chart.js';
import { type MemoryRow, memoryColumns, memoryMarkdown } from '../../src/report/memory-rows.js';
import { textTable } from '../../src/report/table.js';

const MEBIBYTE = 2 ** 20;

const row = (backbone: string, activations: number, more: Partial<MemoryRow> = {}): MemoryRow => ({
  backbone,
  batch: 8,
  frames: 200,
  stateBits: 32,
  optimizer: 'adam',
  checkpointing: false,
  parameters: 6_634_336,
  stepMs: 1234,
  predicted: false,
  parts: { ...emptyParts(), parameters: 30 * MEBIBYTE, activations: activations * MEBIBYTE },
  peakBytes: (30 + activations) * MEBIBYTE,
  ...more,
});

const rows = [
  row('net', 970),
  row('net', 70, { checkpointing: true }),
  row('frev-net', 2.5, { stateBits: 8, predicted: true, stepMs: null }),
  row('alone & <odd>', 5),
];

test('the table names the parts, marks what is predicted and compares with the plain network', (t) => {
  const lines = textTable(rows, memoryColumns(rows)).split('\n');
  t.deepEqual(lines[0].split(/ {2,}/), [
    'network',
    'batch',
    'state bits',
    'weights',
    'parameters',
    'gradients',
    'optimizer',
    'kept activations',
    'workspace',
    'buffers',
    'inputs',
    'peak MiB',
    'plain / this',
    'step ms',
  ]);
  const cells = lines.slice(2).map((line) => line.split(/ {2,}/));
  t.deepEqual(
    cells.map((line) => [line[0], line[11], line[12], line[13]]),
    [
      ['net', '1000', '1.00', '1234'],
      ['net, checkpointed', '100.0', '10.00', '1234'],
      ['frev-net', '~32.5', '30.77', '–'],
      ['alone & <odd>', '35.0', '1.00', '1234'],
    ],
  );
  t.is(memoryMarkdown(rows).split('\n')[3].split(' | ').slice(1, 4).join(), '8,32,6.63 M');
});

test('the drawing has a bar of parts for each row, in proportion', (t) => {
  const svg = memoryChart('Memory', rows);
  const bars = [...svg.matchAll(/<rect class="c(\d)" x="([\d.]+)" y="(\d+)" width="([\d.]+)" height="16"/g)];
  t.is(bars.length, 7 * rows.length);
  const activations = bars.filter(([, part]) => part === '3').map(([, , , , width]) => Number(width));
  t.true(Math.abs(activations[0] / activations[1] - 97 / 7) < 0.05);
  const tops = [...new Set(bars.map(([, , , top]) => Number(top)))];
  // Networks of one family stand together.
  t.deepEqual([tops[1] - tops[0], tops[2] - tops[1], tops[3] - tops[2]], [24, 24, 34]);
  t.is([...svg.matchAll(/class="predicted"/g)].length, 1);
  t.true(svg.includes('alone &amp; &lt;odd&gt;, 32 bit') && svg.includes('>~32.5 MiB<'));
});
