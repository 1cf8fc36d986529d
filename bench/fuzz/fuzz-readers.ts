// Damages sound files of every table and archive that voxloop reads, and counts what its readers make of them:
//
//   node dist/bench/fuzz/fuzz-readers.js [FILES OF EACH FORMAT, 2000] [SEED, 1]
//
// Prints a line for each format: files read, refused by an error of the user, faults of ours, slowest reading. Ends with 1 for a fault.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textTable } from '../../src/report/table.js';
import { type Damaged, readDamaged } from './damage.js';
import { fuzzedReaders } from './readers.js';

const [files = 2000, seed = 1] = process.argv.slice(2).map(Number);
const dir = mkdtempSync(join(tmpdir(), 'voxloop-fuzz-'));
try {
  const outcomes: Damaged[] = [];
  for (const reader of await fuzzedReaders(dir)) outcomes.push(await readDamaged(reader, files, seed));
  const table = textTable(outcomes, [
    { header: 'format', cell: ({ format }) => format },
    { header: 'files', cell: (one) => String(one.files) },
    { header: 'read', cell: ({ read }) => String(read) },
    { header: 'refused', cell: ({ refused }) => String(refused) },
    { header: 'faults', cell: ({ faults }) => String(faults.length) },
    { header: 'slowest, ms', cell: ({ slowestMs }) => slowestMs.toFixed(0) },
  ]);
  console.log(table);
  for (const { format, faults } of outcomes) for (const fault of faults.slice(0, 5)) console.log(`${format} ${fault}`);
  if (outcomes.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
