import { spawn } from 'node:child_process';
import type { MemoryRow } from '../../report/memory-rows.js';
import type { StepFigures } from '../../train/step-benchmark.js';

/** One measurement of `voxloop bench memory`. */
export interface MemoryCell
  extends Pick<MemoryRow, 'backbone' | 'batch' | 'frames' | 'stateBits' | 'optimizer' | 'checkpointing'> {
  compute: string;
  width?: number;
}

/** The values whose combinations are the cells. */
export interface MemoryGrid extends Omit<MemoryCell, 'backbone' | 'batch' | 'stateBits'> {
  backbone: readonly string[];
  batch: readonly number[];
  stateBits: readonly number[];
}

/** The cells of a grid; with `checkpointing` each plain network comes in that form too. */
export function cellsOf({ backbone, batch, stateBits, checkpointing, ...common }: MemoryGrid): MemoryCell[] {
  const networks = backbone.flatMap((name) => {
    const plain = { backbone: name, checkpointing: false };
    return checkpointing && !isReversible(name) ? [plain, { ...plain, checkpointing: true }] : [plain];
  });
  return batch.flatMap((rows) =>
    networks.flatMap((network) => stateBits.map((bits) => ({ ...network, batch: rows, stateBits: bits, ...common }))),
  );
}

const isReversible = (name: string): boolean => /^(prev|frev)-/.test(name);

/** The outcome of a cell's process. */
export type CellOutcome = { figures: StepFigures } | { killed: 'memory' | 'time' } | { fault: string; code: number };

/**
 * Measures a cell by `voxloop bench step` in a new process: its memory is fresh, and running out of it ends this cell only. A cell
 * that would take more than `predictAbove` bytes is predicted. The process is killed after `seconds`.
 */
export async function runCell(
  cell: MemoryCell,
  shared: readonly string[],
  limits: { predictAbove: number; seconds: number },
): Promise<CellOutcome> {
  const args = ['bench', 'step', ...cellArguments(cell), ...shared, '--json'];
  const all = [process.argv[1], ...args, '--predict-above', String(Math.max(0, Math.floor(limits.predictAbove)))];
  const child = spawn(process.execPath, [...process.execArgv, ...all], { stdio: ['ignore', 'pipe', 'pipe'] });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limits.seconds * 1000);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      text[name] += chunk;
    });
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code === 0) return { figures: JSON.parse(text.stdout) };
    if (late) return { killed: 'time' };
    // Out of memory, the kernel kills the process, or TensorFlow aborts or reports it.
    if (code === null || code >= 128 || /out of memory|OOM|bad_alloc/i.test(text.stderr)) return { killed: 'memory' };
    return { fault: text.stderr.trim(), code };
  } finally {
    clearTimeout(timer);
  }
}

/** Time limit of the timed steps of a cell. */
const TIMED_SECONDS = 6;

function cellArguments(cell: MemoryCell): string[] {
  const { backbone, batch, frames, stateBits, optimizer, checkpointing, compute, width } = cell;
  return [
    '--backbone',
    backbone,
    '--batch',
    `${batch}`,
    '--frames',
    `${frames}`,
    '--state-bits',
    `${stateBits}`,
    '--optimizer',
    optimizer,
    '--compute',
    compute,
    '--steps',
    '5',
    '--seconds',
    `${TIMED_SECONDS}`,
    ...(width === undefined ? [] : ['--width', `${width}`]),
    ...(checkpointing ? ['--checkpointing'] : []),
  ];
}
