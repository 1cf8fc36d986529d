import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { stableJson } from '../../plugin/json.js';
import { memoryChart } from '../../report/memory-chart.js';
import { type MemoryRow, memoryMarkdown } from '../../report/memory-rows.js';
import type { MemoryCell } from './memory-cells.js';

/** A row of memory.json. */
export interface KeptRow extends MemoryRow {
  cell: MemoryCell;
  /** Why it was predicted: too little memory, or too little time. */
  because?: 'memory' | 'time';
}

/** Rows by cell, on disk when there is a folder. */
export interface MemoryTable {
  row(cell: MemoryCell): KeptRow | undefined;
  rows(): KeptRow[];
  /** Adds or replaces a row. */
  keep(row: KeptRow): void;
  /** Writes these rows as Markdown and, one drawing for each batch, as SVG. */
  draw(rows: readonly KeptRow[]): void;
}

const fileFormat = z.object({
  rows: z.array(z.custom<KeptRow>((row) => z.object({ cell: z.object({}) }).safeParse(row).success)),
});

/** Opens the table in a folder with its existing rows; without a folder nothing is written. */
export function openTable(folder: string | undefined): MemoryTable {
  const file = folder && join(folder, 'memory.json');
  const rows = new Map(file && existsSync(file) ? readRows(file).map((row) => [keyOf(row.cell), row]) : []);
  return {
    row: (cell) => rows.get(keyOf(cell)),
    rows: () => [...rows.values()],
    keep(row) {
      rows.set(keyOf(row.cell), row);
      if (file) writeFileAtomic(file, `${JSON.stringify({ rows: [...rows.values()] }, null, 2)}\n`);
    },
    draw(chosen) {
      if (!folder) return;
      writeFileAtomic(join(folder, 'memory.md'), `${memoryMarkdown(chosen)}\n`);
      for (const batch of new Set(chosen.map((row) => row.batch))) {
        const rowsOfBatch = chosen.filter((row) => row.batch === batch);
        const { frames, optimizer, width } = rowsOfBatch[0].cell;
        const wide = width === undefined ? '' : `, width ${width}`;
        const title = `Memory of one training step, batch ${batch}, ${frames} frames, ${optimizer}${wide}`;
        writeFileAtomic(join(folder, `memory-batch${batch}.svg`), memoryChart(title, rowsOfBatch));
      }
    },
  };
}

const keyOf = (cell: MemoryCell): string => stableJson(cell);

function readRows(file: string): KeptRow[] {
  try {
    return fileFormat.parse(JSON.parse(readFileSync(file, 'utf8'))).rows;
  } catch {
    throw new UserError(`${file} holds no memory table. Move it away, or choose another folder with --out.`);
  }
}
