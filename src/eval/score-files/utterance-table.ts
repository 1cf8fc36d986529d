import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { isFolder } from '../../io/folder.js';
import { readLines } from '../../io/lines.js';

/** Properties of utterances: columns of text, '' where unknown. */
export interface UtteranceTable {
  source: string;
  /** Row by id and by path of an utterance. */
  rowOf: ReadonlyMap<string, number>;
  /** [rows] by the column's name: speaker, gender, language, seconds, or any other. */
  columns: ReadonlyMap<string, readonly string[]>;
}

const SHOWN = 10;
/** An unknown value in a manifest. */
const UNKNOWN = '-';

/**
 * Reads properties of utterances: a table with tabs between its fields and a header that names an `id` or `path` column (as a
 * corpus' manifest.tsv; a folder means the manifest in it), or Kaldi's utt2spk lines `UTTERANCE SPEAKER`.
 * @throws UserError when the file cannot be read or a line has another number of fields
 */
export function readUtteranceTable(path: string): UtteranceTable {
  const source = isFolder(path) ? join(path, 'manifest.tsv') : path;
  const lines = [...readLines(source)];
  const header = lines[0]?.split('\t') ?? [];
  const hasHeader = header.length > 1 && (header.includes('id') || header.includes('path'));
  const names = hasHeader ? header : ['id', 'speaker'];
  const columns = names.map((): string[] => []);
  const wrong: number[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '' || (hasHeader && i === 0)) continue;
    const fields = hasHeader ? line.split('\t') : line.trim().split(/\s+/);
    if (fields.length !== names.length) wrong.push(i + 1);
    else for (const [column, field] of fields.entries()) columns[column].push(field === UNKNOWN ? '' : field);
  }
  if (wrong.length > 0) {
    const form = hasHeader ? `${names.length} tab-separated fields, as the header has` : '"UTTERANCE SPEAKER"';
    throw new UserError(
      `${source}: expected ${form}; ${wrong.length} line${wrong.length > 1 ? 's have' : ' has'} another form: ` +
        `${wrong.slice(0, SHOWN).join(', ')}${wrong.length > SHOWN ? ', ...' : ''}.`,
    );
  }
  const rowOf = new Map<string, number>();
  for (const [column, name] of names.entries()) {
    if (name !== 'id' && name !== 'path') continue;
    for (const [row, field] of columns[column].entries()) {
      const before = rowOf.get(field);
      if (before !== undefined && before !== row) refuseContradiction(source, columns, field, [before, row]);
      rowOf.set(field, row);
    }
  }
  return { source, rowOf, columns: new Map(names.map((name, i) => [name, columns[i]])) };
}

/** A name on two lines that say different things of it. */
function refuseContradiction(source: string, columns: readonly string[][], name: string, rows: [number, number]): void {
  const [one, other] = rows.map((row) => columns.map((column) => column[row]).join(' '));
  if (one === other) return;
  throw new UserError(
    `${source} names ${name} twice, with different values: "${one}" and "${other}". Correct one of the lines.`,
  );
}

/**
 * One column's values for these utterances.
 * @returns [utterances] '' where unknown
 * @throws UserError for a column that is not there, or utterances that are not (all in one message)
 */
export function valuesOf({ source, rowOf, columns }: UtteranceTable, column: string, utterances: string[]): string[] {
  const values = columns.get(column);
  if (!values) {
    throw new UserError(`${source} has no column "${column}". It has: ${[...columns.keys()].join(', ')}.`);
  }
  const unknown = utterances.filter((utterance) => !rowOf.has(utterance));
  if (unknown.length > 0) {
    throw new UserError(
      `${source} lacks ${unknown.length} utterance${unknown.length > 1 ? 's' : ''} of the scores: ` +
        `${unknown.slice(0, SHOWN).join(', ')}${unknown.length > SHOWN ? `, and ${unknown.length - SHOWN} more` : ''}.`,
    );
  }
  return utterances.map((utterance) => values[rowOf.get(utterance)!]);
}
