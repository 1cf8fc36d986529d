import { availableMemory } from '../../engine/memory/available.js';
import type { Device } from '../../engine/session/session.js';
import type { MemoryRow } from '../../report/memory-rows.js';
import type { ModelOptions } from '../options/model-options.js';
import type { MemoryCell } from './memory-cells.js';
import type { KeptRow, MemoryTable } from './memory-table.js';

interface MemoryOptions extends Omit<ModelOptions, 'model'> {
  backbone: string[];
  batch: number[];
  frames: number;
  stateBits: number[];
  optimizer: string;
  checkpointing?: boolean;
  compute: string;
  width?: number;
  out?: string;
  minutes: number;
  json?: boolean;
}

/** Measures the table and prints it. */
export async function benchMemory(options: MemoryOptions): Promise<void> {
  const [{ cellsOf }, { openTable }] = await Promise.all([import('./memory-cells.js'), import('./memory-table.js')]);
  const { backbone, batch, stateBits, frames, optimizer, compute, width, checkpointing = false } = options;
  await checkNetworks(options);
  const cells = cellsOf({ backbone, batch, stateBits, frames, optimizer, compute, width, checkpointing });
  const table = openTable(options.out);
  const faults = await measureCells(cells, table, options, await devicesOf(options));
  const rows = cells.flatMap((cell) => table.row(cell) ?? []);
  table.draw(rows);
  if (options.json) process.stdout.write(`${JSON.stringify({ rows: rows.map(withoutCell) })}\n`);
  else await printTable(rows);
  if (faults.length > 0) throw await joined(faults);
}

/** One error for several: a UserError if each of them is. */
async function joined(faults: readonly Error[]): Promise<Error> {
  const { UserError } = await import('../../errors.js');
  const text = `Not measured: ${faults.map(({ message }) => message).join('; ')}`;
  return faults.every((fault) => fault instanceof UserError) ? new UserError(text) : new Error(text);
}

/** Measures the cells that the table lacks, small batches first so that the time covers as many as possible; returns failures. */
async function measureCells(
  cells: readonly MemoryCell[],
  table: MemoryTable,
  options: MemoryOptions,
  devices: readonly Device[],
): Promise<Error[]> {
  const end = performance.now() + options.minutes * 60_000;
  const open = cells.filter((cell) => !table.row(cell) || table.row(cell)!.because === 'time');
  open.sort((a, b) => a.batch - b.batch);
  const faults: Error[] = [];
  for (const [i, cell] of open.entries()) {
    const row = await measureCell(cell, table, options, {
      usableBytes: usableBytes(devices),
      seconds: (end - performance.now()) / 1000,
    });
    const failed = row instanceof Error;
    if (failed) faults.push(Object.assign(row, { message: `${nameOf(cell)}: ${row.message}` }));
    else table.keep(row);
    const line = failed ? row.message : `${nameOf(cell)}: ${figuresOf(row)}`;
    process.stderr.write(`${i + 1}/${open.length} ${line}\n`);
  }
  return faults;
}

function figuresOf({ peakBytes, stepMs }: KeptRow): string {
  const time = stepMs === null ? 'predicted' : `${stepMs.toFixed(0)} ms a step`;
  return `${(peakBytes / 2 ** 20).toFixed(0)} MiB, ${time}`;
}

/** The error of a cell is returned, not thrown, so that the others are measured. */
async function measureCell(
  cell: MemoryCell,
  table: MemoryTable,
  options: MemoryOptions,
  { usableBytes, seconds }: { usableBytes: number; seconds: number },
): Promise<KeptRow | Error> {
  const { runCell } = await import('./memory-cells.js');
  const { UserError } = await import('../../errors.js');
  const { device, threads, plugin } = options;
  const shared = ['--device', device, '--threads', `${threads}`, ...plugin.flatMap((file) => ['--plugin', file])];
  const run = (predictAbove: number, limit: number) => runCell(cell, shared, { predictAbove, seconds: limit });
  const tooLong = seconds < Math.max(LEAST_SECONDS, expectedSeconds(cell, table));
  const first = tooLong ? { killed: 'time' as const } : await run(usableBytes, seconds + GRACE_SECONDS);
  const outcome = 'killed' in first ? await run(0, PREDICTION_SECONDS) : first;
  if ('figures' in outcome) {
    const { parameters, parts, peakBytes, medianMs, predicted } = outcome.figures;
    const { backbone, batch, frames, stateBits, optimizer, checkpointing } = cell;
    return {
      backbone,
      batch,
      frames,
      stateBits,
      optimizer,
      checkpointing,
      parameters,
      parts,
      peakBytes,
      stepMs: medianMs,
      predicted,
      cell,
      ...(predicted ? { because: 'killed' in first ? first.killed : 'memory' } : {}),
    };
  }
  if ('killed' in outcome) return new Error('could be neither measured nor predicted');
  // The first line of a stack trace says what happened.
  return outcome.code === 2 ? new UserError(outcome.fault) : new Error(outcome.fault.split('\n')[0]);
}

/** No cell starts with less time than the first; it ends the second after its time is up; the third limits a prediction. */
const [LEAST_SECONDS, GRACE_SECONDS, PREDICTION_SECONDS] = [5, 60, 600];
/** Long steps run in a cell (warm-up, timed, traced), and the time to build its graph. */
const [LONG_STEPS, BUILD_SECONDS] = [3.5, 20];

/** Scaled from the same network at another batch, since time is proportional to it; 0 when there is none yet. */
function expectedSeconds(cell: MemoryCell, table: MemoryTable): number {
  const known = table.rows().filter((row) => row.stepMs !== null && isSameNetwork(row.cell, cell));
  const times = known.map(({ stepMs, batch }) => (stepMs! / 1000 / batch) * cell.batch);
  return times.length === 0 ? 0 : Math.min(...times) * LONG_STEPS + BUILD_SECONDS;
}

const isSameNetwork = (a: MemoryCell, b: MemoryCell): boolean =>
  a.backbone === b.backbone && a.checkpointing === b.checkpointing && a.width === b.width && a.frames === b.frames;

/** The devices that cells compute on; none are asked for on a CPU, whose memory is this machine's. */
async function devicesOf({ device, threads }: MemoryOptions): Promise<readonly Device[]> {
  const [{ hasNvidiaDriver }, { withSession }] = await Promise.all([
    import('../../engine/library/platform.js'),
    import('../../engine/session/with-session.js'),
  ]);
  if (device === 'cpu' || (device === 'auto' && !hasNvidiaDriver())) return [];
  return withSession({ device, threads, seed: 0, name: 'bench' }, async ({ devices }) => devices);
}

/** Bytes for tensors on these devices; the rest is for the allocator's gaps and, on a CPU, the library and Node. */
export const usableBytes = (devices: readonly Device[]): number => 0.8 * availableMemory(devices).bytes - 2 ** 29;

/** Reports an unknown network before the first one is measured. */
async function checkNetworks({ backbone, plugin }: MemoryOptions): Promise<void> {
  const [{ createRegistry }, { builtIns }, { loadPlugins }] = await Promise.all([
    import('../../pipeline/registry/registry.js'),
    import('../../builtins.js'),
    import('../../pipeline/registry/load-plugin.js'),
  ]);
  const registry = createRegistry(builtIns);
  await loadPlugins(plugin, registry);
  for (const name of backbone) await registry.load('backbone', name);
}

const nameOf = ({ backbone, batch, stateBits, checkpointing }: MemoryCell): string =>
  `${backbone}${checkpointing ? ', checkpointed' : ''}, batch ${batch}, ${stateBits} bit`;

function withoutCell({ cell: _, because: __, ...row }: KeptRow): MemoryRow {
  return row;
}

async function printTable(rows: readonly KeptRow[]): Promise<void> {
  const [{ textTable }, { memoryColumns }] = await Promise.all([
    import('../../report/table.js'),
    import('../../report/memory-rows.js'),
  ]);
  process.stdout.write(`${textTable(rows, memoryColumns(rows))}\n`);
}
