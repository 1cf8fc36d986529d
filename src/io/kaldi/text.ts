import { UserError } from '../../errors.js';
import type { KaldiValue } from './value.js';

/**
 * The archive of a text file: entries `key  [ 1 2 3 ]` (a vector) or `key  [` with a row a line up to `]` (a matrix). Floats become
 * float32.
 * @throws UserError with the line number for what is neither
 */
export function* parseTextArchive(
  lines: Iterable<string>,
  path: string,
): Generator<{ key: string; value: KaldiValue }> {
  let open: { key: string; rows: number[][]; line: number } | undefined;
  let number = 0;
  for (const line of lines) {
    number++;
    const fault = (what: string) =>
      new UserError(`${path}:${number}: ${what}, got ${JSON.stringify(line.slice(0, 80))}.`);
    if (!open) {
      if (line.trim() === '') continue;
      const match = /^\s*(\S+)\s+\[([^\]]*)(\])?\s*$/.exec(line);
      if (!match) throw fault('expected "KEY [ NUMBERS ]"');
      const [, key, inside, closed] = match;
      const numbers = toNumbers(inside, fault);
      if (closed) yield { key, value: { shape: [numbers.length], data: Float32Array.from(numbers) } };
      else open = { key, rows: numbers.length > 0 ? [numbers] : [], line: number };
      continue;
    }
    const end = line.indexOf(']');
    const row = toNumbers(end < 0 ? line : line.slice(0, end), fault);
    if (row.length > 0) open.rows.push(row);
    if (row.length > 0 && row.length !== open.rows[0].length) throw fault(`expected ${open.rows[0].length} numbers`);
    if (end < 0) continue;
    yield { key: open.key, value: matrixOf(open.rows) };
    open = undefined;
  }
  if (open) throw new UserError(`${path} is cut short: the matrix of ${open.key}, line ${open.line}, is not closed.`);
}

function toNumbers(text: string, fault: (what: string) => UserError): number[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const value = /^[+-]?(inf|infinity)$/i.test(word) ? Number.POSITIVE_INFINITY * signOf(word) : Number(word);
      if (Number.isNaN(value) && !/^[+-]?nan$/i.test(word)) throw fault('expected numbers');
      return value;
    });
}

const signOf = (word: string): number => (word.startsWith('-') ? -1 : 1);

function matrixOf(rows: readonly number[][]): KaldiValue {
  const columns = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => {
    data.set(row, i * columns);
  });
  return { shape: [rows.length, columns], data };
}

/** An entry as a text archive has it, read back without loss. */
export function textEntry(key: string, { shape, data }: KaldiValue): string {
  const digits = data instanceof Float64Array ? 17 : 9;
  const text = (values: Iterable<number>) => Array.from(values, (value) => Number(value.toPrecision(digits))).join(' ');
  if (shape.length === 1) return `${key}  [ ${text(data)} ]\n`;
  const [rows, columns] = shape;
  const lines = Array.from(
    { length: rows },
    (_, row) => `\n  ${text(data.subarray(row * columns, (row + 1) * columns))}`,
  );
  return `${key}  [${lines.join('')} ]\n`;
}
