import ts from 'typescript';
import { circlesBetweenFiles, circlesBetweenFolders } from './circles.mjs';
import { directionFaults } from './directions.mjs';
import { endlessFolderFaults } from './endless-folders.mjs';
import { fileUrlFaults } from './file-urls.mjs';
import { fullFolderFaults, measureFolders } from './folders.mjs';
import { longFunctionFaults, measureFunctions } from './functions.mjs';
import { readImports } from './imports.mjs';
import { readSources } from './source-files.mjs';
import { spreadLiteralFaults } from './spread-literals.mjs';

/** The library, which has directions and limits; the other folders are only searched for spread literals and file URLs. */
const library = ['src', 'ssl', 'clustering'];
const others = ['bench', 'bin', 'examples', 'scripts', 'test'];

/** Reads the tree below `root`; returns its counts, its longest functions and fullest folders, and `faults`, a line for each. */
export function measureStructure(root) {
  const sources = readSources(root, library);
  const everything = [...sources, ...readSources(root, others)];
  const imports = readImports(sources);
  const circles = circlesBetweenFiles(imports);
  const functions = measureFunctions(sources).sort((a, b) => b.lines - a.lines);
  const folders = measureFolders(sources);
  return {
    files: sources.length,
    imports: imports.length,
    functions: functions.length,
    typeCircles: circles.types.length,
    reasons: [...functions, ...folders].filter(({ reason }) => reason !== undefined),
    longest: functions.slice(0, 10),
    fullest: folders.slice(0, 10),
    faults: [
      ...directionFaults(imports, new Set(sources.filter(hasDefaultExport).map(({ file }) => file))),
      ...circlesBetweenFolders(imports).map((circle) => `circle between folders: ${circle.join(', ')}`),
      ...circles.values.map((circle) => `circle between files: ${circle.join(', ')}`),
      ...fullFolderFaults(folders),
      ...longFunctionFaults(functions),
      ...spreadLiteralFaults(everything),
      ...fileUrlFaults(everything),
      ...endlessFolderFaults(sources),
    ],
  };
}

function hasDefaultExport({ tree }) {
  return tree.statements.some(
    (statement) =>
      ts.isExportAssignment(statement) ||
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword),
  );
}
