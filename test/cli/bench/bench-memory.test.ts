import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { usableBytes } from '../../../src/cli/bench/bench-memory.js';
import { cellsOf } from '../../../src/cli/bench/memory-cells.js';
import { runCli } from '../../helpers/run-cli.js';
import { runMain } from '../../helpers/run-main.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('a grid is every network, checkpointed too where it is plain, at every batch and size of states', (t) => {
  const grid = { backbone: ['a', 'frev-a'], batch: [1, 8], stateBits: [32, 8], checkpointing: true };
  const cells = cellsOf({ ...grid, frames: 200, optimizer: 'adam', compute: 'float32' });
  t.is(cells.length, 2 * 3 * 2);
  const networks = cells.map(({ backbone, checkpointing }) => `${backbone}${checkpointing ? '+' : ''}`);
  t.deepEqual(networks.slice(0, 6), ['a', 'a', 'a+', 'a+', 'frev-a', 'frev-a']);
  t.is(new Set(cells.map((cell) => JSON.stringify(cell))).size, cells.length);
});

test('a table is measured, kept, drawn and gone on with', async (t) => {
  const out = temporaryFolder(t);
  const command = (...more: string[]) =>
    runCli([
      'bench',
      'memory',
      '--backbone',
      'resnet18',
      '--width',
      '4',
      '--batch',
      '2',
      '--frames',
      '24',
      '--out',
      out,
      '--device',
      'cpu',
      '--threads',
      '1',
      '--json',
      ...more,
    ]);
  const first = await command();
  t.is(first.code, 0, first.stderr);
  t.regex(first.stderr, /^1\/1 resnet18, batch 2, 32 bit: \d+ MiB, \d+ ms a step\n$/);
  const second = await command('--checkpointing');
  t.regex(second.stderr, /^1\/1 resnet18, checkpointed, batch 2, 32 bit: /);
  const { rows } = JSON.parse(second.stdout);
  t.deepEqual(rows[0], JSON.parse(first.stdout).rows[0]);
  t.is(rows.length, 2);
  for (const row of rows) {
    t.is(sum(Object.values(row.parts)), row.peakBytes);
    t.like(row, { backbone: 'resnet18', batch: 2, frames: 24, stateBits: 32, optimizer: 'adam', predicted: false });
    t.true(row.stepMs > 0 && row.parts.optimizer === 2 * row.parts.parameters);
  }
  t.true(rows[1].parts.activations < 0.5 * rows[0].parts.activations);
  t.deepEqual(readdirSync(out).sort(), ['memory-batch2.svg', 'memory.json', 'memory.md']);
  t.is(readFileSync(join(out, 'memory.md'), 'utf8').split('\n').length, 5);

  writeFileSync(join(out, 'memory.json'), '{"rows": 3}');
  const broken = await command();
  t.is(broken.code, 2);
  t.regex(broken.stderr, /memory\.json holds no memory table\. Move it away/);
});

test('a step that would take too much is predicted', async (t) => {
  const args = ['--backbone', 'resnet18', '--width', '4', '--batch', '2', '--frames', '24', '--device', 'cpu'];
  const { code, stdout } = await runMain(['bench', 'step', ...args, '--predict-above', '0', '--json']);
  t.is(code, 0);
  const { predicted, medianMs, parts, peakBytes } = JSON.parse(stdout);
  t.deepEqual([predicted, medianMs], [true, null]);
  t.is(sum(Object.values(parts)), peakBytes);
});

test('wrong networks and states are named before anything is measured', async (t) => {
  const unknown = await runMain(['bench', 'memory', '--backbone', 'resnet18,resnt34']);
  t.deepEqual([unknown.code, unknown.stdout], [2, '']);
  t.regex(unknown.stderr, /^There is no backbone plugin 'resnt34'; did you mean 'resnet34'/);
  const bits = await runMain(['bench', 'memory', '--backbone', 'resnet18', '--state-bits', '8,16']);
  t.is(bits.code, 2);
  t.is(
    bits.stderr,
    "error: option '--state-bits <bits>' argument '8,16' is invalid. It must be 32 or 8.\n" +
      '`voxloop bench memory --help` has the arguments and options.\n',
  );
});

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

test("what is measured is decided by the GPU's memory where there is one, not by the machine's", (t) => {
  const device = (type: string, memoryBytes: number) => ({ name: type, type, memoryBytes });
  const [cpu, gpu] = [device('CPU', 2 ** 28), device('GPU', 40 * 2 ** 30)];
  t.is(usableBytes([cpu, gpu]), 32 * 2 ** 30 - 2 ** 29);
  t.true(Math.abs(usableBytes([cpu]) - (0.8 * process.availableMemory() - 2 ** 29)) < 2 ** 32);
});
