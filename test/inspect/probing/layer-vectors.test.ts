import { join } from 'node:path';
import test from 'ava';
import { frameCount } from '../../../src/audio/features/fbank.js';
import { features } from '../../../src/audio/features/features.js';
import { loadWeights } from '../../../src/embed/extract.js';
import { readModel } from '../../../src/embed/model-file.js';
import { float32, type HostTensor } from '../../../src/host-tensor.js';
import { utterancesOf } from '../../../src/inspect/probing/heard-forms.js';
import { withLayers } from '../../../src/inspect/probing/layer-vectors.js';
import { createScope } from '../../../src/nn/scope.js';
import { layerOutputs } from '../../../src/nn/taps.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('frames of a layer are pooled to mean and deviation, without the padding of a batch', async (t) => {
  const dir = join(temporaryFolder(t), 'model');
  await writeTinyModel(dir, { network: 'xvector' });
  const stored = readModel(dir);
  const model = { ...stored, info: { ...stored.info, hearing: 'unchanged' as const } };
  const build = await backboneOf('xvector', model.info.backbone.options, model.info.features.bins);
  const audio = [9000, 10500].map((length, i) => Int16Array.from(normals(length, `voice${i}`, 900)));
  const run = { device: 'cpu', threads: 0, seed: 1 } as const;
  const found = await withLayers(run, { name: 'tiny', model, build }, ({ read }) => read(utterancesOf(audio), {}));
  const outputs: Record<string, HostTensor> = await withSession(async (session) => {
    const scope = createScope(session, 'model', 0);
    const backbone = build(scope);
    await loadWeights(session, scope, model);
    const forward = session.compile('forward', ({ wave }) => {
      const input = features(wave, model.info.features, { name: 'x', dither: false });
      return { features: input, ...Object.fromEntries(layerOutputs(backbone, input, { training: false })) };
    });
    return forward({ wave: float32(Float32Array.from(audio[0]), [1, 9000]) });
  });
  t.deepEqual([...found.keys()].sort(), Object.keys(outputs).sort());
  t.is(outputs.features.shape[1], frameCount(9000, model.info.features));
  t.true(outputs.frame3.shape[1]! < outputs.features.shape[1]!);
  for (const [name, { shape, data }] of Object.entries(outputs)) {
    const { vectors, size, rows } = found.get(name)!;
    t.is(rows, 2);
    const values = data as Float32Array;
    const channels = shape.at(-1)!;
    const expected = shape.length === 2 ? Array.from(values) : momentsOf(values, channels);
    t.is(size, expected.length);
    for (const [k, value] of expected.entries())
      t.true(Math.abs(vectors[k] - value) < 2e-3, `${name}[${k}]: ${vectors[k]} and ${value}`);
  }
});

/** Means, then deviations, of channels over frames. */
function momentsOf(values: Float32Array, channels: number): number[] {
  const frames = values.length / channels;
  const column = (k: number) => Array.from({ length: frames }, (_, i) => values[i * channels + k]);
  const mean = (numbers: number[]) => numbers.reduce((a, b) => a + b) / frames;
  const means = Array.from({ length: channels }, (_, k) => mean(column(k)));
  return means.concat(means.map((m, k) => Math.sqrt(mean(column(k).map((value) => (value - m) ** 2)))));
}
