// Imports the models of test/fixtures/import/make.py --full DIR, or make-peers.py --full DIR, and compares what they make of speech.wav, or of the
// recording.wav of a case, with what their toolkits made of it: node dist/bench/import/compare.js DIR
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embedFiles } from '../../src/embed/embed-files.js';
import { importModel } from '../../src/tools/import-model.js';
import { openModel } from '../../src/tools/open-model.js';

const speech = fileURLToPath(new URL('../../../test/fixtures/import/speech.wav', import.meta.url));
const [cases] = process.argv.slice(2);
console.log('| model | numbers | cosine | largest difference / rms |');
console.log('|---|---|---|---|');
for (const name of readdirSync(cases).sort()) {
  if (!existsSync(join(cases, name, 'embedding.json'))) continue;
  const expected: number[] = JSON.parse(readFileSync(join(cases, name, 'embedding.json'), 'utf8'));
  const out = mkdtempSync(join(tmpdir(), 'voxloop-import-'));
  try {
    const { numbers } = await importModel(join(cases, name), out);
    const { extractor, close } = await openModel(out, { device: 'cpu' });
    const recording = join(cases, name, 'recording.wav');
    const { vectors } = await embedFiles([existsSync(recording) ? recording : speech], extractor, { skipBad: false });
    await close();
    const { cosine, worst } = compare(vectors, expected);
    console.log(`| ${name} | ${numbers.toLocaleString('en')} | ${cosine.toFixed(9)} | ${worst.toExponential(1)} |`);
  } catch (error) {
    console.log(`| ${name} | | | ${error instanceof Error ? error.message : error} |`);
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** Cosine, and the largest difference in terms of the root mean square. */
function compare(a: Float32Array, b: readonly number[]) {
  if (a.length !== b.length) throw new Error(`${a.length} numbers instead of ${b.length}`);
  const product = (x: ArrayLike<number>, y: ArrayLike<number>) => b.reduce((sum, _, i) => sum + x[i] * y[i], 0);
  const cosine = product(a, b) / Math.sqrt(product(a, a) * product(b, b));
  const worst = Math.max(...b.map((value, i) => Math.abs(value - a[i]))) / Math.sqrt(product(b, b) / b.length);
  return { cosine, worst };
}
