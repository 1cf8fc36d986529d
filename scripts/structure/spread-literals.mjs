import ts from 'typescript';
import { lineOf, walk } from './source-files.mjs';

/** `file:line: fault` of every spread of a literal, `...{ a }` or `...[x]`, whose elements could stand there themselves. */
export function spreadLiteralFaults(sources) {
  return sources.flatMap((source) => {
    const faults = [];
    walk(source, (node) => {
      if (!ts.isSpreadAssignment(node) && !ts.isSpreadElement(node)) return;
      const literal = withoutTypes(node.expression);
      if (!ts.isObjectLiteralExpression(literal) && !ts.isArrayLiteralExpression(literal)) return;
      const what = ts.isObjectLiteralExpression(literal) ? 'properties' : 'elements';
      faults.push(`${source.file}:${lineOf(source, node)}: a literal is spread; write its ${what} without the spread`);
    });
    return faults;
  });
}

function withoutTypes(node) {
  const isWrapped = ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node);
  return isWrapped ? withoutTypes(node.expression) : node;
}
