import { UserError } from '../../errors.js';
import { readLines } from '../../io/lines.js';

/** Who the rows of a table speak of. */
const KEYS = ['utterance', 'speaker'] as const;

/** Attributes of utterances or speakers, as a table gives them. */
export interface AttributeTable {
  path: string;
  of: (typeof KEYS)[number];
  /** Names of the columns. */
  attributes: string[];
  /** Values by name, in the order of the columns; null for an unknown one. */
  rows: Map<string, (string | null)[]>;
}

/**
 * Reads a table of tab-separated values: a header whose first column is `utterance` or `speaker`, the others being attributes, and a line
 * for each of them; `-` and nothing stand for an unknown value.
 * @throws UserError with the number of a line that is broken or names somebody again, and for another header
 */
export function readAttributeTable(path: string): AttributeTable {
  const lines = readLines(path);
  const header: string = lines.next().value ?? '';
  const [key, ...attributes] = header.split('\t').map((text) => text.trim());
  const of = KEYS.find((name) => name === key);
  if (!of || attributes.length === 0 || attributes.includes(''))
    throw new UserError(
      `${path}:1: the header must be 'utterance' or 'speaker' and the names of attributes, parted by tabs, such as "speaker\\tgender".`,
    );
  const twice = attributes.find((name, i) => attributes.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`${path}:1: the attribute '${twice}' has two columns. Keep one.`);
  const rows: AttributeTable['rows'] = new Map();
  let number = 1;
  for (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const [name, ...values] = line.split('\t').map((text) => text.trim());
    if (values.length !== attributes.length)
      throw new UserError(
        `${path}:${number}: expected ${attributes.length + 1} tab-separated fields, got ${values.length + 1}.`,
      );
    if (rows.has(name)) throw new UserError(`${path}:${number}: ${of} '${name}' has a line already.`);
    rows.set(
      name,
      values.map((value) => (value === '' || value === '-' ? null : value)),
    );
  }
  return { path, of, attributes, rows };
}

/** An utterance that a table may speak of. */
export interface Named {
  id: string;
  speaker: string | null;
}

/** Utterances with the speakers that a table of utterances gives in a column `speaker`, where one does; the others as they are. */
export function withSpeakers<U extends Named>(tables: readonly AttributeTable[], utterances: readonly U[]): U[] {
  const table = tables.find(({ of, attributes }) => of === 'utterance' && attributes.includes('speaker'));
  if (!table) return utterances.slice();
  const column = table.attributes.indexOf('speaker');
  return utterances.map((utterance) => ({
    ...utterance,
    speaker: table.rows.get(utterance.id)?.[column] ?? utterance.speaker,
  }));
}

/**
 * The values of each attribute for utterances, in their order; null where a table says nothing.
 * @throws UserError for a table that names none of them, and for an attribute that two tables give
 */
export function attributesOf(
  tables: readonly AttributeTable[],
  utterances: readonly Named[],
): Map<string, (string | null)[]> {
  const found = new Map<string, (string | null)[]>();
  for (const { path, of, attributes, rows } of tables) {
    const nameOf = ({ id, speaker }: Named) => (of === 'utterance' ? id : speaker);
    const lines = utterances.map((utterance) => rows.get(nameOf(utterance) ?? ''));
    if (!lines.some(Boolean)) throw new UserError(strangers(path, of, rows, utterances.map(nameOf)));
    for (const [column, attribute] of attributes.entries()) {
      if (found.has(attribute)) throw new UserError(`${path}: the attribute '${attribute}' is in another table, too.`);
      found.set(
        attribute,
        lines.map((values) => values?.[column] ?? null),
      );
    }
  }
  return found;
}

function strangers(path: string, of: string, rows: AttributeTable['rows'], known: readonly (string | null)[]): string {
  const [theirs = 'nobody'] = rows.keys();
  const ours = known.find((name) => name !== null);
  const here = ours === undefined ? `no ${of} is known here` : `here a name is '${ours}'`;
  return `${path} names no ${of} that is probed: its first is '${theirs}', and ${here}. Give the names of the corpus' manifest.`;
}
