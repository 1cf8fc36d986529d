import { type PublishedRow, type PublishedTable, publishedTables } from './figures.js';

/** How a recipe names a row of a published table. */
export interface PublishedName {
  table: string;
  system: string;
  source?: string;
}

/** A system of a run beside its published counterpart. */
export interface Counterpart {
  /** The run's own name of the system. */
  ours: string;
  table: PublishedTable;
  row: PublishedRow;
}

/** The names of the tables. */
export const tableNames: readonly string[] = publishedTables.map(({ name }) => name);

/** The row of that name, or a sentence about what is wrong with the name. */
export function findPublished({ table: name, system, source }: PublishedName): Omit<Counterpart, 'ours'> | string {
  const table = publishedTables.find((one) => one.name === name);
  if (!table) return `published.table: there is no table '${name}'; there are ${tableNames.join(', ')}`;
  const rows = table.rows.filter((row) => row.system === system && (source === undefined || row.source === source));
  if (rows.length === 1) return { table, row: rows[0] };
  if (rows.length > 1)
    return `published.system: '${system}' stands there by ${rows.map((row) => `'${row.source}'`).join(', ')}; say which as \`source\``;
  const known = table.rows.map((row) => `'${row.system}' by '${row.source}'`).join('; ');
  return `published.system: the table '${name}' has no '${system}'${source === undefined ? '' : ` by '${source}'`}; it has ${known}`;
}
