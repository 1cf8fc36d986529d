/** One column of a text table. */
export interface Column<Row> {
  header: string;
  /** The cell's text; empty for nothing to show. */
  cell: (row: Row) => string;
  /** Default 'right'; words are aligned left. */
  align?: 'left' | 'right';
}

/**
 * A table for the terminal: aligned columns, a rule under the header, no trailing spaces or newline.
 * Characters are counted by code point, so wide (East Asian) ones shift their line.
 */
export function textTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const body = rows.map((row) => columns.map((column) => oneLine(column.cell(row))));
  const header = columns.map((column) => oneLine(column.header));
  const widths = columns.map((_, i) => Math.max(...[header, ...body].map((cells) => lengthOf(cells[i]))));
  const lineOf = (cells: string[]) =>
    cells
      .map((text, i) => pad(text, widths[i], columns[i].align))
      .join('  ')
      .trimEnd();
  return [lineOf(header), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(lineOf)].join('\n');
}

function pad(text: string, width: number, align: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(width - lengthOf(text));
  return align === 'left' ? text + space : space + text;
}

function lengthOf(text: string): number {
  return [...text].length;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
