import ts from 'typescript';
import { lineOf, walk } from './source-files.mjs';

/** `file:line: fault` of every mkdir with `recursive`, which never returns where no folder can be made in one that exists, as below /proc. */
export function endlessFolderFaults(sources) {
  return sources.flatMap((source) => {
    const faults = [];
    walk(source, (node) => {
      if (!ts.isCallExpression(node) || !/^mkdir(Sync)?$/.test(nameOf(node.expression))) return;
      const recursive = node.arguments.some(
        (argument) =>
          ts.isObjectLiteralExpression(argument) &&
          argument.properties.some(({ name }) => nameOf(name) === 'recursive'),
      );
      if (recursive)
        faults.push(
          `${source.file}:${lineOf(source, node)}: a recursive mkdir may never return; use makeFolder of src/io/folder.ts`,
        );
    });
    return faults;
  });
}

const nameOf = (node) => (node && ts.isPropertyAccessExpression(node) ? node.name.text : (node?.text ?? ''));
