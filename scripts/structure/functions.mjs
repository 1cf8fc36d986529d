import ts from 'typescript';
import { lineOf, reasonsFor, walk } from './source-files.mjs';

export const MOST_LINES = 60;

/** Every function with a body: {file, line, name, lines, reason}. `reason` stands as `// long function: ...` in its lines or just before. */
export function measureFunctions(sources) {
  return sources.flatMap((source) => {
    const functions = [];
    const reasons = reasonsFor(source, 'long function');
    walk(source, (node) => {
      if (!ts.isFunctionLike(node) || !node.body) return;
      const line = lineOf(source, node);
      const last = source.tree.getLineAndCharacterOfPosition(node.end).line + 1;
      functions.push({ file: source.file, line, name: nameOf(node, source), lines: last - line + 1 });
    });
    return nameByHolder(source, withReasons(functions, reasons));
  });
}

// A reason counts for the longest-starting function around it: the innermost, or the one that starts on the next line.
function withReasons(functions, reasons) {
  for (const { line, reason } of reasons) {
    const around = functions.filter((item) => item.line - 1 <= line && line < item.line + item.lines);
    const holder = around.filter((item) => item.lines > MOST_LINES).at(-1);
    if (holder) holder.reason = reason;
  }
  return functions;
}

function nameOf(node, { tree }) {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  return node.name?.getText(tree);
}

// An arrow function is called after the variable, property or call that holds it.
function nameByHolder(source, functions) {
  const unnamed = new Map(functions.filter(({ name }) => name === undefined).map((item) => [item.line, item]));
  const lines = source.text.split('\n');
  for (const [line, item] of unnamed)
    item.name = lines[line - 1].match(/[\w$]+(?=\s*(?:[:=(]|$))/)?.[0] ?? '(anonymous)';
  return functions;
}

/** `file:line: fault` of every function that is too long and gives no reason. */
export function longFunctionFaults(functions) {
  return functions
    .filter(({ lines, reason }) => lines > MOST_LINES && reason === undefined)
    .map(({ file, line, name, lines }) => `${file}:${line}: ${name} has ${lines} lines; at most ${MOST_LINES}`);
}
