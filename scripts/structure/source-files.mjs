import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import ts from 'typescript';

const isSource = (file) => /\.(ts|mjs)$/.test(file) && !file.endsWith('.d.ts') && !file.startsWith('test/fixtures/');

/** Every TypeScript file and .mjs script below these folders, parsed: {file, folder, text, tree}, with `/` in paths. */
export function readSources(root, folders) {
  const files = folders.flatMap((folder) => filesBelow(root, folder)).filter(isSource);
  return files.sort().map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const kind = file.endsWith('.ts') ? ts.ScriptKind.TS : ts.ScriptKind.JS;
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, kind);
    return { file, folder: posix.dirname(file), text, tree };
  });
}

function filesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file).replaceAll(sep, '/'));
}

/** Calls `visit(node, parent)` for every node of a source, parents first. */
export function walk({ tree }, visit) {
  const step = (node, parent) => {
    visit(node, parent);
    ts.forEachChild(node, (child) => step(child, node));
  };
  step(tree);
}

/** The line a node starts on, counted from one; comments in front of it do not count. */
export function lineOf({ tree }, node) {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** The reasons of all comment lines `// <subject>: <reason>` of a source: {line, reason}. */
export function reasonsFor({ text }, subject) {
  const comment = new RegExp(`^\\s*// ${subject}: (\\S.*)$`);
  return text.split('\n').flatMap((line, index) => {
    const reason = line.match(comment)?.[1];
    return reason === undefined ? [] : [{ line: index + 1, reason }];
  });
}
