import type { MemoryParts } from '../engine/memory/memory-parts.js';
import { formatFixed } from './format.js';
import type { Column } from './table.js';

/** The memory that one training step takes. */
export interface MemoryRow {
  backbone: string;
  batch: number;
  frames: number;
  stateBits: number;
  optimizer: string;
  checkpointing: boolean;
  /** Of the backbone with its embedding layer. */
  parameters: number;
  parts: MemoryParts;
  peakBytes: number;
  /** Null where nothing was run. */
  stepMs: number | null;
  /** The memory is the planner's, not a measurement. */
  predicted: boolean;
}

/** The parts of the peak in the order in which they are shown, with their names. */
export const PARTS: readonly { part: keyof MemoryParts; title: string }[] = [
  { part: 'parameters', title: 'parameters' },
  { part: 'gradients', title: 'gradients' },
  { part: 'optimizer', title: 'optimizer' },
  { part: 'activations', title: 'kept activations' },
  { part: 'workspace', title: 'workspace' },
  { part: 'buffers', title: 'buffers' },
  { part: 'inputs', title: 'inputs' },
];

/** Name of the row's network: its backbone, and `checkpointed` where it is. */
export const networkName = ({ backbone, checkpointing }: Pick<MemoryRow, 'backbone' | 'checkpointing'>): string =>
  checkpointing ? `${backbone}, checkpointed` : backbone;

export const formatMebibytes = (bytes: number): string => {
  const value = bytes / 2 ** 20;
  return value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);
};

/** The columns of the table; bytes are in MiB, and "~" stands before what was predicted. */
export function memoryColumns(rows: readonly MemoryRow[]): Column<MemoryRow>[] {
  return [
    { header: 'network', cell: networkName, align: 'left' },
    { header: 'batch', cell: ({ batch }) => String(batch) },
    { header: 'state bits', cell: ({ stateBits }) => String(stateBits) },
    { header: 'weights', cell: ({ parameters }) => `${formatFixed(parameters / 1e6, 2)} M` },
    ...PARTS.map(({ part, title }) => ({
      header: title,
      cell: ({ parts }: MemoryRow) => formatMebibytes(parts[part]),
    })),
    { header: 'peak MiB', cell: ({ peakBytes, predicted }) => `${predicted ? '~' : ''}${formatMebibytes(peakBytes)}` },
    { header: 'plain / this', cell: (row) => formatRatio(plainOf(row, rows), row) },
    { header: 'step ms', cell: ({ stepMs }) => formatFixed(stepMs, 0) },
  ];
}

/** The plain network with 32-bit states at the same batch. */
function plainOf(row: MemoryRow, rows: readonly MemoryRow[]): MemoryRow | undefined {
  const plain = row.backbone.replace(/^(prev|frev)-/, '');
  return rows.find(
    ({ backbone, batch, frames, stateBits, checkpointing }) =>
      backbone === plain && batch === row.batch && frames === row.frames && stateBits === 32 && !checkpointing,
  );
}

const formatRatio = (plain: MemoryRow | undefined, { peakBytes }: MemoryRow): string =>
  plain ? (plain.peakBytes / peakBytes).toFixed(2) : '–';

/** The table as Markdown. */
export function memoryMarkdown(rows: readonly MemoryRow[]): string {
  const columns = memoryColumns(rows);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ header }) => header)),
    line(columns.map(({ align }) => (align === 'left' ? ':--' : '--:'))),
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ].join('\n');
}
