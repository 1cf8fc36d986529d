// Networks with drawn weights, exported for WeSpeaker, loaded by its own classes in PyTorch, and imported again: prints a table of the largest
// difference of an embedding in units of its root mean square, and whether the weights came back bit by bit.
//   npm run build && node dist/bench/import/wespeaker-loads.js --wespeaker CHECKOUT [--python python3] [names...]
// --python needs torch, numpy and PyYAML.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { featureDefinition } from '../../src/audio/features/feature-definition.js';
import { builtIns } from '../../src/builtins.js';
import { saveWeights } from '../../src/embed/extract.js';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { float32 } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { createRng } from '../../src/random.js';
import { modelBuilder } from '../../src/stages/training/resolve-plugins.js';
import { exportWeSpeaker } from '../../src/tools/export-wespeaker.js';
import { importModel } from '../../src/tools/import-model.js';
import { drawnVectors } from '../quality/drawn-vectors.js';

/** Backbones, each with options of its own. */
const CASES: readonly (readonly [name: string, options: Record<string, unknown>])[] = [
  ['resnet18', {}],
  ['resnet34', { pooling: { name: 'tap' } }],
  ['resnet50', {}],
  ['gemini-df-resnet60', { rectifiedDownsampling: false }],
  ['repvgg-a0', { pooling: { name: 'tsdp' } }],
  ['campplus', {}],
  ['ecapa-512', {}],
  ['ecapa-512-glob', { embeddingNorm: 'affine' }],
  ['ecapa-1024', { embeddingNorm: 'plain' }],
  ['xvector', { padding: 'valid' }],
];
const [BINS, FRAMES] = [80, 131];

const { values: flags, positionals } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, wespeaker: { type: 'string', default: 'wespeaker' } },
  allowPositionals: true,
});
const script = fileURLToPath(new URL('../../../bench/import/wespeaker_loads.py', import.meta.url));

console.log(
  "| network | WeSpeaker's | file | largest difference / rms | weights imported again |\n|---|---|---|---|---|",
);
for (const [name, options] of CASES) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), 'voxloop-wespeaker-'));
  try {
    await writeCase(name, options, folder);
    const { model, bytes } = await exportWeSpeaker(join(folder, 'model'), folder);
    const { stdout, stderr, status } = spawnSync(flags.python, [script, folder, flags.wespeaker], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    await importModel(folder, join(folder, 'again'));
    const same = isWhatItWas(readModel(join(folder, 'model')).weights, readModel(join(folder, 'again')).weights);
    const what = `${name} ${Object.keys(options).length > 0 ? JSON.stringify(options) : ''}`;
    console.log(
      `| ${what} | ${model} | ${(bytes / 1e6).toFixed(1)} MB | ${Number(stdout).toExponential(1)} | ${same ? 'the same bits' : 'others'} |`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A plain normalisation comes back as one with scale 1 and offset 0. */
function isWhatItWas(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): boolean {
  const extra = Object.keys(after).filter((name) => !(name in before));
  const expected = before['embedding-norm/mean'] ? ['embedding-norm/offset', 'embedding-norm/scale'] : [];
  const isKnown = extra.every((name) => expected.includes(name));
  return isKnown && Object.entries(before).every(([name, tensor]) => isDeepStrictEqual(tensor, after[name]));
}

/** Writes the model, and features and embeddings of two rows as raw float32. */
async function writeCase(name: string, options: Record<string, unknown>, folder: string): Promise<void> {
  const features = featureDefinition.parse({ bins: BINS });
  const build = await modelBuilder(createRegistry(builtIns), { backbone: { name, options }, features });
  await withSession({ device: 'cpu', threads: 0, seed: 0, name }, async (session) => {
    const scope = createScope(session, 'model', 1);
    const { embed, embeddingSize } = build(scope);
    const rng = createRng(name);
    await session.load(drawnVectors(await session.save(scope.params().map((param) => param.name)), rng));
    const statistics = await session.save(scope.buffers().map((buffer) => buffer.name));
    const drawn = Object.entries(statistics).map(([key, { shape, data }]) => {
      const draw = () => (key.endsWith('variance') ? rng.uniform(1, 8) : 0.3 * rng.normal());
      return [key, float32(Float32Array.from(data as Float32Array, draw), shape)] as const;
    });
    await session.load(Object.fromEntries(drawn));
    const info = { origin: 'drawn', backbone: { name, options }, features, embeddingSize };
    writeModel(join(folder, 'model'), info, await saveWeights(session, scope));
    const rows = float32(
      Float32Array.from({ length: 2 * FRAMES * BINS }, () => 3 * rng.normal()),
      [2, FRAMES, BINS],
    );
    const run = session.compile('embed', ({ rows }) => ({ vectors: embed(rows, { training: false }) }));
    const { vectors } = await run({ rows });
    writeFileSync(join(folder, 'feats.in'), rows.data as Float32Array);
    writeFileSync(join(folder, 'embs.out'), vectors.data as Float32Array);
  });
}
