import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { publishedTables } from '../../../src/report/published/figures.js';
import { findPublished } from '../../../src/report/published/find.js';
import { renderReport } from '../../../src/report/render.js';
import { artifactAt, checkStage, newRegistry } from '../../helpers/recipes/run-stage.js';

/** What the documents' text says of each table; extract.mjs beside it wrote it. */
const text = readFileSync(
  fileURLToPath(new URL('../../../../test/fixtures/published/tables.txt', import.meta.url)),
  'utf8',
);
const sections = new Map(
  text
    .split(/^\[/m)
    .slice(1)
    .map((part) => {
      const [name, ...lines] = part.trimEnd().split('\n');
      return [name.slice(0, -1), lines] as const;
    }),
);

/** The figures of a cell: all of a cell of figures, those with a decimal point of one with words. */
function figuresOf(cell: string): number[] {
  const plain = cell.replace(/\([^)]*\)/g, '');
  const pattern = /^[\d. ]+$/.test(plain) ? /\d+(\.\d+)?/g : /(?<![\w.])\d+\.\d+(?![\w.])/g;
  return (plain.match(pattern) ?? []).map(Number);
}

/** The rows of a line; the text has joined some rows of a table, cell by cell. */
function rowsOf(table: string, line: string): number[][] {
  // The first cell of this table is the number of a reference.
  const cells = line
    .split('\t')
    .slice(table === 'fine-tuned' ? 1 : 0)
    .map(figuresOf);
  const figures = cells.filter((cell) => cell.length > 0);
  if (figures.length === 1) return figures;
  return figures[0].map((_, i) => figures.map((cell) => cell[i]));
}

const printed = (rows: readonly (readonly (number | null)[])[]) =>
  rows.map((row) => row.filter((value) => value !== null).join(' '));

test('every figure of every published table is in the text of its document, in its order, and none is missing', (t) => {
  const tables = publishedTables.filter(({ name }) => name !== 'memory' && name !== 'distilled');
  t.deepEqual(
    tables.map(({ name }) => name).sort(),
    [...sections.keys()].filter((name) => !/^(memory|distilled)$/.test(name)).sort(),
  );
  for (const { name, rows, columns } of tables) {
    const said = sections.get(name)!.flatMap((line) => rowsOf(name, line));
    // One table stands in the deck three times, a part of it each time.
    t.deepEqual(printed(rows.map(({ figures }) => figures)), [...new Set(printed(said))], name);
    for (const { figures } of rows) t.is(figures.length, columns.length, name);
  }
  const figures = (name: string) =>
    sections
      .get(name)!
      .join(' ')
      .match(/[\d.]+/g)!
      .map(Number)
      .sort((a, b) => a - b);
  for (const name of ['memory', 'distilled']) {
    const ours = publishedTables
      .find((table) => table.name === name)!
      .rows.flatMap((row) => row.figures.filter((value) => value !== null));
    t.deepEqual(
      ours.sort((a, b) => a - b),
      figures(name),
      name,
    );
  }
});

test('systems stand beside the figures of the lines that name them', (t) => {
  const squeezed = (words: string) => words.replace(/[\s()]/g, '');
  for (const name of ['supervised', 'cnceleb', 'compressed', 'phonetic']) {
    const { rows } = publishedTables.find((table) => table.name === name)!;
    for (const { system, figures } of rows) {
      const lines = sections
        .get(name)!
        .filter((line) => rowsOf(name, line).some((row) => printed([row])[0] === printed([figures])[0]));
      t.true(
        lines.length > 0 && lines.every((line) => squeezed(line).includes(squeezed(system))),
        `${name}: ${system}`,
      );
    }
  }
});

test('a recipe names a row; what it names wrongly is told with the names that there are', (t) => {
  const found = findPublished({ table: 'self-supervised', system: 'DINO, ResNet34' });
  if (typeof found === 'string') return t.fail(found);
  t.deepEqual(found.row.figures, [3.17, 3.324, 5.821]);
  t.regex(
    String(findPublished({ table: 'selfsupervised', system: 'DINO' })),
    /no table 'selfsupervised'; there are self-supervised, /,
  );
  t.regex(
    String(findPublished({ table: 'supervised', system: 'ECAPA-TDNN' })),
    /by 'IDLab VoxSRC 2020', .*say which as `source`/,
  );
  t.regex(
    String(findPublished({ table: 'cnceleb', system: 'DINO' })),
    /has no 'DINO'; it has 'ResNet34' by 'ASV-Subtools'/,
  );
  const published = [{ ours: 'a <small> run', table: found.table, row: found.row }];
  const html = renderReport({ title: 'report', published });
  for (const part of [
    'id="published"',
    'a &lt;small&gt; run',
    '3.17',
    'Figures of others',
    'Nothing of this was measured in this run',
  ])
    t.true(html.includes(part), part);
  t.false(renderReport({ title: 'report' }).includes('id="published"'));
});

test('a recipe whose counterpart is not there is refused before it runs', async (t) => {
  const artifacts = { corpus: artifactAt('', 'corpus'), evaluation: artifactAt('', 'evaluate') };
  const faults = (system: string) =>
    checkStage({
      registry: newRegistry(),
      stage: 'report',
      artifacts,
      options: { corpus: 'corpus', systems: [{ evaluation: 'evaluation', published: { table: 'phonetic', system } }] },
    });
  t.deepEqual(await faults('COMBINE'), []);
  t.regex((await faults('COMBINED')).join(), /the table 'phonetic' has no 'COMBINED'; it has 'x-vector baseline' by/);
});
