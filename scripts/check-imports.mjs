// Checks how the sources hang together: `node scripts/check-imports.mjs [--json] [root]`. Prints the faults, the counts and the longest
// functions; exit code 1 when there is a fault. A function or a folder over its limit may give a reason: `// long function: ...` in or
// above the function, `// full folder: ...` in a file of the folder.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureStructure } from './structure/measure.mjs';

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const structure = measureStructure(positionals[0] ?? join(import.meta.dirname, '..'));

if (values.json) console.log(JSON.stringify(structure, null, 2));
else printStructure(structure);
if (structure.faults.length > 0) process.exitCode = 1;

function printStructure({ files, imports, functions, typeCircles, reasons, longest, fullest, faults }) {
  for (const fault of faults) console.log(fault);
  const counts = [`${files} files`, `${imports} imports`, `${functions} functions`, `${typeCircles} circles of types`];
  console.log(`structure: ${counts.join(', ')}, ${reasons.length} reasoned exceptions, ${faults.length} faults`);
  console.log(`longest functions: ${longest.map(({ name, lines }) => `${name} ${lines}`).join(', ')}`);
  console.log(`fullest folders: ${fullest.map(({ folder, files }) => `${folder} ${files}`).join(', ')}`);
}
