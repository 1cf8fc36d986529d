import ts from 'typescript';
import { lineOf, reasonsFor, walk } from './source-files.mjs';

export const MOST_LINES = 60;

/** Every function with a body: {file, line, name, lines}, and `reason` where a comment `// long function: ...` gives one. */
export function measureFunctions(sources) {
  return sources.flatMap((source) => {
    const functions = [];
    walk(source, (node, parent) => {
      if (!ts.isFunctionLike(node) || !node.body) return;
      const line = lineOf(source, node);
      const last = source.tree.getLineAndCharacterOfPosition(node.end).line + 1;
      functions.push({ file: source.file, line, name: nameOf(node, parent, source), lines: last - line + 1 });
    });
    for (const { line, reason } of reasonsFor(source, 'long function')) giveReason(functions, line, reason);
    return functions;
  });
}

// To the innermost long function that the comment stands in, or just above.
function giveReason(functions, commentLine, reason) {
  const long = functions.findLast(
    ({ line, lines }) => lines > MOST_LINES && line - 1 <= commentLine && commentLine < line + lines,
  );
  if (long) long.reason = reason;
}

// An arrow function is called after the variable or the property that holds it.
function nameOf(node, parent, { tree }) {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  return (node.name ?? parent.name)?.getText(tree) ?? '(anonymous)';
}

/** `file:line: fault` of every function that is too long and gives no reason. */
export function longFunctionFaults(functions) {
  return functions
    .filter(({ lines, reason }) => lines > MOST_LINES && reason === undefined)
    .map(({ file, line, name, lines }) => `${file}:${line}: ${name} has ${lines} lines; at most ${MOST_LINES}`);
}
