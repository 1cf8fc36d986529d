import ts from 'typescript';
import { lineOf, walk } from './source-files.mjs';

/**
 * `file:line: fault` of every file URL whose `pathname` is taken for a path. It is percent-encoded: in a folder named `my files` or
 * `Büro` there is no such file. An address of the web is written in one piece, `new URL(address)`, and not looked at.
 */
export function fileUrlFaults(sources) {
  return sources.flatMap((source) => {
    const bases = new Set();
    const faults = [];
    walk(source, (node) => {
      if (ts.isVariableDeclaration(node) && node.initializer && isRelativeUrl(node.initializer))
        bases.add(node.name.getText(source.tree));
      if (!ts.isPropertyAccessExpression(node)) return;
      const { expression, name } = node;
      const isUrl = isRelativeUrl(expression) || (ts.isIdentifier(expression) && bases.has(expression.text));
      if ((isUrl && name.text === 'pathname') || isOwnUrl(expression))
        faults.push(`${source.file}:${lineOf(source, node)}: a file URL is no path; use fileURLToPath`);
    });
    return faults;
  });
}

/** `new URL(name, base)`, with whatever base. */
function isRelativeUrl(node) {
  return (
    ts.isNewExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'URL' &&
    node.arguments?.length === 2
  );
}

/** `import.meta.url`, of which a string function would cut a path. */
function isOwnUrl(node) {
  return ts.isPropertyAccessExpression(node) && node.name.text === 'url' && ts.isMetaProperty(node.expression);
}
