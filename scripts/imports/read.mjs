import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';

// `import ... from 'x'`, `export ... from 'x'` and `import 'x'` at the start of a line; they may span several lines.
const statement = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"\n]+)['"]/gm;
const dynamic = /\bimport\(\s*['"]([^'"\n]+)['"]/g;
const comment = /^\s*(?:\/\/|\/?\*)/;

/**
 * Every import of the TypeScript files below these folders: {file, line, specifier, target, takesPlugin}. `target` is the
 * file of ours that is imported, if it is one; `takesPlugin` tells whether the statement takes its default export.
 */
export function readImports(root, folders) {
  const files = folders.flatMap((folder) => typescriptFiles(root, folder));
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
  const imports = files.flatMap((file) => importsOf(file, texts.get(file)));
  const hasDefault = (target) => /^export default\b/m.test(texts.get(target) ?? '');
  return imports.map(({ statement, ...item }) => {
    return { ...item, takesPlugin: hasDefault(item.target) && takesDefault(statement) };
  });
}

/** Whether an import takes the default export: under a name of its own, as part of a namespace, or by import(). */
function takesDefault(statement) {
  if (statement.startsWith('import(')) return true;
  const clause = statement.match(/^(?:import|export)\s+(?:type\s+)?([^'"]*?)\s*\bfrom\b/)?.[1] ?? '';
  return /\w/.test(clause.replace(/\{[^}]*\}/, '')) || /\bdefault\b/.test(clause);
}

function typescriptFiles(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  const files = readdirSync(join(root, folder), { recursive: true }).map((file) =>
    join(folder, file).replaceAll(sep, '/'),
  );
  return files.filter((file) => file.endsWith('.ts')).sort();
}

function importsOf(file, text) {
  const lineAt = (index) => text.slice(0, index).split('\n').length;
  const isCode = ({ index }) => !comment.test(text.slice(text.lastIndexOf('\n', index) + 1, index + 2));
  const matches = [...text.matchAll(statement), ...text.matchAll(dynamic)].filter(isCode);
  return matches.map((match) => {
    const specifier = match[1];
    return { file, line: lineAt(match.index), specifier, target: targetOf(file, specifier), statement: match[0] };
  });
}

function targetOf(file, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}
