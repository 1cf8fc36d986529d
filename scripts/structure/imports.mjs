import { posix } from 'node:path';
import ts from 'typescript';
import { lineOf, walk } from './source-files.mjs';

/**
 * Every import of these sources, `export ... from` and `import()` included: {file, line, specifier, target, kind, takesDefault}.
 * `target` is the file of ours that is imported, if it is one. `kind` is 'value', 'type' (erased by the compiler) or 'lazy' (import()).
 */
export function readImports(sources) {
  return sources.flatMap((source) => {
    const imports = [];
    walk(source, (node) => {
      const item = importOf(node);
      if (!item) return;
      const target = targetOf(source.file, item.specifier);
      imports.push({ file: source.file, line: lineOf(source, node), target, ...item });
    });
    return imports;
  });
}

function importOf(node) {
  if (ts.isImportDeclaration(node)) {
    const kind = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'value';
    return { specifier: node.moduleSpecifier.text, kind, takesDefault: importsDefault(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
    const takesDefault = namesDefault(node.exportClause?.elements);
    return { specifier: node.moduleSpecifier.text, kind: node.isTypeOnly ? 'type' : 'value', takesDefault };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return { specifier: node.argument.literal.text, kind: 'type', takesDefault: false };
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword && isText(node.arguments[0]))
    return { specifier: node.arguments[0].text, kind: 'lazy', takesDefault: true };
  return undefined;
}

function importsDefault(clause) {
  const bindings = clause?.namedBindings;
  if (clause?.name || (bindings && ts.isNamespaceImport(bindings))) return true;
  return namesDefault(bindings?.elements);
}

// `default as x`; `export * from` hands no default on.
function namesDefault(elements = []) {
  return elements.some(({ name, propertyName }) => (propertyName ?? name).text === 'default');
}

const isText = (node) => node !== undefined && ts.isStringLiteralLike(node);

function targetOf(file, specifier) {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}
