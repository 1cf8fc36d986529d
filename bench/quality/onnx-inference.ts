// Embeddings of recordings by onnxruntime beside those by TensorFlow: how far apart vectors and scores are, and how much audio each embeds in an
// hour of one core. Start it in a folder where onnxruntime-node is installed.
//   node dist/bench/quality/onnx-inference.js --list RECORDINGS [--root DIR] [--rounds 3] [--weights float32] MODEL... [drawn:BACKBONE...]
// RECORDINGS is a list as for `voxloop embed --list`; `drawn:ecapa-512` is a network with drawn weights. One thread each, rounds of both in
// turn, seconds of processor time; decoding is left out.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { featureDefinition } from '../../src/audio/features/feature-definition.js';
import { builtIns } from '../../src/builtins.js';
import { readRecordingList } from '../../src/data/recording-list.js';
import { toPcm16 } from '../../src/data/shards/pcm16.js';
import { embedPieces } from '../../src/embed/embed-pieces.js';
import { saveWeights } from '../../src/embed/extract.js';
import type { Extractor } from '../../src/embed/extractor.js';
import { writeModel } from '../../src/embed/model-file.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { float32 } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import type { WeightType } from '../../src/onnx/narrow-weights.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { dot, norm, rowsOf, unitRows } from '../../src/rows.js';
import { SAMPLE_RATE_HZ } from '../../src/sample-rate.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';
import { exportOnnx } from '../../src/tools/export-onnx.js';
import { openModel } from '../../src/tools/open-model.js';
import { drawnVectors, SETTLING_STEPS } from './drawn-vectors.js';

const { values: flags, positionals } = parseArgs({
  options: {
    list: { type: 'string' },
    root: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    weights: { type: 'string', default: 'float32' },
  },
  allowPositionals: true,
});
const recordings: Int16Array[] = [];
for (const { path } of readRecordingList(flags.list!, flags.root)) recordings.push(toPcm16(await loadMono16k(path)));
const seconds = recordings.reduce((sum, { length }) => sum + length, 0) / SAMPLE_RATE_HZ;
console.log(`${recordings.length} recordings, ${seconds.toFixed(0)} s; weights ${flags.weights}`);
console.log(
  '| model | least cosine | largest difference / rms | largest difference of a score | TensorFlow | onnxruntime | ratio |',
);
console.log('|---|---|---|---|---|---|---|');
const scratch = mkdtempSync(join(tmpdir(), 'voxloop-onnx-inference-'));
try {
  for (const [i, name] of positionals.entries()) {
    const folder = name.startsWith('drawn:') ? await drawnModel(name.slice(6), join(scratch, `drawn${i}`)) : name;
    const file = join(scratch, `${i}.onnx`);
    await exportOnnx(folder, file, { weights: flags.weights as WeightType, threads: 1 });
    console.log(`| ${name} | ${(await compare(folder, file)).join(' | ')} |`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}

/** Vectors of all recordings. */
function embedded(extractor: Extractor): Promise<Float32Array> {
  return embedPieces(recordings, extractor);
}

/** The cells of a model's row. */
async function compare(folder: string, file: string): Promise<string[]> {
  const ways = [await openModel(folder, { device: 'cpu', threads: 1 }), await openModel(file, { threads: 1 })];
  try {
    const [a, b] = [await embedded(ways[0].extractor), await embedded(ways[1].extractor)];
    const used = [[], []] as number[][];
    for (let round = 0; round < Number(flags.rounds); round++) {
      for (const [i, { extractor }] of ways.entries()) {
        const from = process.cpuUsage();
        await embedded(extractor);
        const { user, system } = process.cpuUsage(from);
        used[i].push((user + system) / 1e6);
      }
    }
    const [first, second] = used.map((list) => list.sort((x, y) => x - y)[Math.floor(list.length / 2)]);
    const speed = (taken: number) => `${(seconds / taken).toFixed(0)} h`;
    return [...agreement(a, b, ways[0].extractor.size), speed(first), speed(second), (second / first).toFixed(2)];
  } finally {
    for (const { close } of ways) await close();
  }
}

function agreement(a: Float32Array, b: Float32Array, size: number): string[] {
  const rms = Math.sqrt(a.reduce((sum, value) => sum + value ** 2, 0) / a.length);
  const worst = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  const [x, y] = [a, b].map((vectors) => Array.from(rowsOf(unitRows(vectors, size, norm), size)));
  const least = x.reduce((low, row, i) => Math.min(low, dot(row, y[i])), 1);
  let score = 0;
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) score = Math.max(score, Math.abs(dot(x[i], x[j]) - dot(y[i], y[j])));
  return [least.toFixed(7), (worst / rms).toExponential(1), score.toExponential(1)];
}

/** Writes a model folder of a backbone with drawn weights, whose running statistics are those of noise. */
function drawnModel(name: string, dir: string): Promise<string> {
  return withSession({ device: 'cpu', threads: 1, seed: 0, name }, async (session) => {
    const registry = createRegistry(builtIns);
    const features = featureDefinition.parse({});
    const plugin = await choosePlugin(registry, 'backbone', name, {});
    const scope = createScope(session, 'model', 1);
    const { embed, embeddingSize } = (await backboneBuilder(registry, plugin, features.bins))(scope);
    const rng = createRng(name);
    await session.load(drawnVectors(await session.save(scope.params().map((variable) => variable.name)), rng));
    const settle = session.compile('settle', ({ rows }) => ({ vectors: embed(rows, { training: true }) }));
    for (let step = 0; step < SETTLING_STEPS; step++) {
      const rows = Float32Array.from({ length: 4 * 50 * features.bins }, () => 3 * rng.normal());
      await settle({ rows: float32(rows, [4, 50, features.bins]) });
    }
    const info = { origin: 'drawn', backbone: { name, options: {} }, features, embeddingSize };
    writeModel(dir, info, await saveWeights(session, scope));
    return dir;
  });
}
