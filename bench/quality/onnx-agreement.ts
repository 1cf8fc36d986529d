// How far embeddings of exported ONNX graphs, run by Python's onnxruntime, are from those of TensorFlow: networks of full size with
// drawn weights, statistics of the data, five lengths and two sizes of batch. Prints a table; the difference is the largest of any element, in
// units of the embeddings' root mean square.
//   npm run build && node dist/bench/quality/onnx-agreement.js [--python python3] [--width 8] [names...]
// --width: narrow networks, minutes instead of an hour. --python needs numpy and onnxruntime (measured with 1.32).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { featureDefinition } from '../../src/audio/features/feature-definition.js';
import { builtIns } from '../../src/builtins.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { float32 } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { networkToOnnx } from '../../src/onnx/network-to-onnx.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { drawnVectors, SETTLING_STEPS } from './drawn-vectors.js';

const NAMES = [
  'resnet34',
  'resnet50',
  'ecapa-512',
  'ecapa-512-glob',
  'campplus',
  'repvgg-a0',
  'df-resnet56',
  'gemini-df-resnet60',
  'xvector',
  'tdnn',
  'prev-resnet34',
  'prev-resnet50',
  'frev-resnet34',
  'prev-df-resnet56',
  'frev-df-resnet56',
];
const BINS = 80;
const LENGTHS = [50, 131, 200, 301, 500];
const BATCHES = [1, 3];

const { values: flags, positionals } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, width: { type: 'string' } },
  allowPositionals: true,
});
const script = fileURLToPath(new URL('../../../bench/quality/onnx_agreement.py', import.meta.url));

console.log('| backbone | file | nodes | largest difference / rms |\n|---|---|---|---|');
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const folder = mkdtempSync(join(tmpdir(), 'voxloop-onnx-'));
  try {
    const { bytes, nodes } = await writeCase(name, folder);
    const { stdout, stderr, status } = spawnSync(flags.python, [script, folder], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    console.log(`| ${name} | ${(bytes / 1e6).toFixed(1)} MB | ${nodes} | ${Number(stdout).toExponential(1)} |`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the graph, and features and embeddings of each size as raw float32. */
function writeCase(name: string, folder: string) {
  return withSession({ device: 'cpu', threads: 0, seed: 0, name }, async (session) => {
    const registry = createRegistry(builtIns);
    const options = flags.width === undefined ? {} : { width: Number(flags.width) };
    const build = await backboneBuilder(registry, await choosePlugin(registry, 'backbone', name, options), BINS);
    const scope = createScope(session, 'model', 1);
    const { embed, embeddingSize, minFrames } = build(scope);
    const rng = createRng(name);
    const noise = (batch: number, frames: number) =>
      float32(
        Float32Array.from({ length: batch * frames * BINS }, () => 3 * rng.normal()),
        [batch, frames, BINS],
      );
    await session.load(drawnVectors(await session.save(scope.params().map(({ name }) => name)), rng));
    // Running statistics become those of the data, as in training.
    const settle = session.compile('settle', ({ rows }) => ({ vectors: embed(rows, { training: true }) }));
    for (let step = 0; step < SETTLING_STEPS; step++) await settle({ rows: noise(4, 50) });
    const file = await networkToOnnx(session, (rows) => embed(rows, { training: false }), {
      features: featureDefinition.parse({}),
      embeddingSize,
      names: { input: 'feats', output: 'embs' },
      input: 'features',
      weights: 'float32',
      metadata: {},
      producerVersion: '0',
      minFrames,
    });
    writeFileSync(join(folder, 'model.onnx'), Buffer.concat(file.pieces));
    const run = session.compile('embed', ({ rows }) => ({ vectors: embed(rows, { training: false }) }));
    for (const batch of BATCHES) {
      for (const frames of LENGTHS) {
        const rows = noise(batch, frames);
        const { vectors } = await run({ rows });
        writeFileSync(join(folder, `${batch}-${frames}.in`), rows.data as Float32Array);
        writeFileSync(join(folder, `${batch}-${frames}.out`), vectors.data as Float32Array);
      }
    }
    return { bytes: file.bytes, nodes: file.nodes };
  });
}
