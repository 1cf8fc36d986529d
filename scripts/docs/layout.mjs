// Counts the source tree at a commit and now, and writes the table into docs/architecture.md: `node scripts/docs/layout.mjs COMMIT`.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withPart } from './parts.mjs';

const root = join(import.meta.dirname, '..', '..');
const page = join(root, 'docs', 'architecture.md');
const [commit] = process.argv.slice(2);
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });

const isSource = (file) => /^(src|ssl|clustering)\/.*\.ts$/.test(file);
const linesOf = (file, text) => ({ file, lines: text.split('\n').length - 1 });

const before = git('ls-tree', '-r', '--name-only', commit).split('\n').filter(isSource);
const now = git('ls-files', '--cached', '--others', '--exclude-standard')
  .split('\n')
  .filter((file) => isSource(file) && existsSync(join(root, file)));
const columns = [
  measure(before.map((file) => linesOf(file, git('show', `${commit}:${file}`)))),
  measure(now.map((file) => linesOf(file, readFileSync(join(root, file), 'utf8')))),
];
const rows = Object.keys(columns[0]).map(
  (title) => `| ${[title, ...columns.map((column) => column[title])].join(' | ')} |`,
);
const table = [`| | before (\`${commit}\`) | after |`, '|---|---|---|', ...rows].join('\n');
writeFileSync(page, withPart(readFileSync(page, 'utf8'), 'layout', table));

function measure(files) {
  const folders = new Map();
  for (const { file } of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  const fullest = [...folders].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
  const lines = files.map((file) => file.lines).sort((a, b) => a - b);
  return {
    'source files': files.length,
    folders: folders.size,
    'lines a file, median and largest': `${lines[lines.length >> 1]}, ${lines.at(-1)}`,
    'folders with more than 25 files': fullest.filter(([, count]) => count > 25).length,
    'fullest folders': fullest
      .slice(0, 9)
      .map(([folder, count]) => `\`${folder}\` ${count}`)
      .join(', '),
  };
}
