import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { embedFiles } from '../../src/embed/embed-files.js';
import { saveWeights } from '../../src/embed/extract.js';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import { packModel } from '../../src/embed/pack-model.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { listSafetensors, readSafetensors, writeSafetensors } from '../../src/io/safetensors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { createScope } from '../../src/nn/scope.js';
import { cosine } from '../../src/speakers/speaker-model.js';
import { openModel } from '../../src/tools/open-model.js';
import { openSpeakerModel } from '../../src/tools/open-speaker-model.js';
import { talk } from '../helpers/corpora/talk.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { drawWeights } from '../helpers/networks/draw-weights.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { BINS, smallFeatures } from '../helpers/training/small-training.js';

const FILE = 'model.safetensors';
const INFO = {
  origin: 'dino teacher',
  backbone: { name: 'tdnn', options: { width: 8 } },
  features: smallFeatures,
  embeddingSize: 2,
  licence: 'CC0-1.0',
};

/** A model whose file holds a head and optimizer states, too. */
function trained(t: ExecutionContext, weights: Record<string, HostTensor>): string {
  const dir = temporaryFolder(t);
  writeModel(dir, INFO, weights, Float32Array.of(0.1, 1e-9));
  const { tensors, metadata } = readSafetensors(join(dir, FILE));
  tensors['head/weight'] = float32([1, 2], [1, 2]);
  tensors['optimizer/moment'] = float32([3]);
  writeSafetensors(join(dir, FILE), tensors, metadata);
  return dir;
}

test('a packed model holds matrices in half precision, vectors and the mean as they were, and no more than inference needs', (t) => {
  const dir = trained(t, {
    'layer/weight': float32([1 / 3, 65503, 2 ** -24, 0], [2, 2]),
    'layer/norm/variance': float32([1e6, 1e-9]),
  });
  const out = join(temporaryFolder(t), 'packed');
  const summary = packModel(dir, out);
  t.deepEqual(
    [...listSafetensors(join(out, FILE)).entries].map(([name, { type }]) => [name, type]),
    [
      ['backbone/layer/norm/variance', 'F32'],
      ['mean-embedding', 'F32'],
      ['backbone/layer/weight', 'F16'],
    ],
  );
  const { info, weights, mean } = readModel(out);
  t.deepEqual(info, readModel(dir).info);
  t.deepEqual(weights['layer/weight'], float32([0.333251953125, 65504, 2 ** -24, 0], [2, 2]));
  t.deepEqual(weights['layer/norm/variance'], float32([1e6, 1e-9]));
  t.deepEqual(mean, Float32Array.of(0.1, 1e-9));
  t.deepEqual(summary, {
    out,
    name: 'dino teacher (tdnn, 2)',
    numbers: 6,
    files: [FILE],
    bytes: statSync(join(out, FILE)).size,
  });
});

test('a name takes the place of the old one, and texts lie beside the model', (t) => {
  const dir = trained(t, { weight: float32([1], [1, 1]) });
  const texts = temporaryFolder(t, { about: '# Card\n', sources: 'CC0\n', how: 'voxloop run\n' });
  const out = temporaryFolder(t);
  const [card, licences, commands] = ['about', 'sources', 'how'].map((name) => join(texts, name));
  const { name, files, bytes } = packModel(dir, out, { name: 'voices 1.2', card, licences, commands });
  t.is(name, 'voices 1.2 (tdnn, 2)');
  t.is(readModel(out).info.origin, 'voices 1.2');
  t.deepEqual([...files].sort(), readdirSync(out).sort());
  t.deepEqual(
    ['CARD.md', 'LICENSES.md', 'COMMANDS.md'].map((file) => readFileSync(join(out, file), 'utf8')),
    ['# Card\n', 'CC0\n', 'voxloop run\n'],
  );
  t.is(
    bytes,
    readdirSync(out).reduce((sum, file) => sum + statSync(join(out, file)).size, 0),
  );
});

test('what cannot be packed is refused, and nothing is written', (t) => {
  const fine = trained(t, { weight: float32([1], [1, 1]) });
  const large = trained(t, { weight: float32([1, -1e5], [1, 2]) });
  const broken = trained(t, { weight: float32([Number.NaN], [1, 1]) });
  const before = readFileSync(join(fine, FILE));
  const out = join(temporaryFolder(t), 'out');
  const refused = (message: RegExp, dir: string, to = out, options = {}) =>
    t.throws(() => packModel(dir, to, options), { instanceOf: UserError, message });
  refused(/holds no model/, temporaryFolder(t));
  refused(/holds a model already/, fine, fine);
  refused(/holds a model already/, fine, large);
  refused(/model\.safetensors: tensor weight holds -100000, .*65504/, large);
  refused(/tensor weight holds NaN/, broken);
  refused(/gone\.md does not exist/, fine, out, { card: join(fine, 'gone.md') });
  t.false(existsSync(out));
  t.deepEqual(readFileSync(join(fine, FILE)), before);
});

test('the calibration of the model does not fit the packed one', async (t) => {
  const dir = temporaryFolder(t);
  await writeTinyModel(join(dir, 'model'));
  const { identity, close } = await openSpeakerModel(join(dir, 'model'), { device: 'cpu' });
  await close();
  const calibration = { format: 'voxloop-calibration-1', model: identity, meanSubtracted: false, scale: 1, offset: 0 };
  const rates = { prior: 0.5, cllr: 1, equalError: { eer: 0.5, threshold: 0 }, thresholds: [] };
  const measuredOn = { source: 'made up', kind: 'scores', targets: 1, nontargets: 1 };
  writeFileSync(join(dir, 'model', 'calibration.json'), JSON.stringify({ ...calibration, ...rates, measuredOn }));
  const out = join(dir, 'packed');
  packModel(join(dir, 'model'), out);
  t.deepEqual(readdirSync(out), [FILE]);
  copyFileSync(join(dir, 'model', 'calibration.json'), join(out, 'calibration.json'));
  await t.throwsAsync(openSpeakerModel(out, { device: 'cpu' }), {
    message: /Calibrate again with `voxloop calibrate`/,
  });
});

/** Writes a network with attention and drawn weights and statistics. */
async function writeDrawnModel(dir: string): Promise<void> {
  const options = { width: 48, embeddingSize: 32, pooling: { name: 'astp', bottleneck: 16 } };
  const build = await backboneOf('tdnn', options, BINS);
  await withSession(async (session) => {
    const scope = createScope(session, 'model', 1);
    build(scope);
    await drawWeights(session);
    const info = { origin: 'drawn', backbone: { name: 'tdnn', options }, features: smallFeatures, embeddingSize: 32 };
    writeModel(dir, info, await saveWeights(session, scope));
  });
}

/** Embeddings of recordings, one after the other, and their size. */
async function vectorsOf(dir: string, files: string[]): Promise<Float32Array[]> {
  const { extractor, close } = await openModel(dir, { device: 'cpu' });
  try {
    const { vectors } = await embedFiles(files, extractor, { skipBad: false });
    return files.map((_, i) => vectors.slice(i * extractor.size, (i + 1) * extractor.size));
  } finally {
    await close();
  }
}

test('embeddings of the packed model have cosines of at least 0.9999 to those of the model', async (t) => {
  const dir = temporaryFolder(t);
  await writeDrawnModel(join(dir, 'model'));
  packModel(join(dir, 'model'), join(dir, 'packed'));
  const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/audio/${name}`, import.meta.url));
  const made = [0, 1, 2].map((voice) => {
    const path = join(dir, `${voice}.wav`);
    writeWav16(path, talk(voice, 2), 16000);
    return path;
  });
  const files = ['signal.wav', 'flac-16.flac', 'mp3.mp3', 'g722.g722'].map(fixture).concat(made);
  const [exact, packed] = [await vectorsOf(join(dir, 'model'), files), await vectorsOf(join(dir, 'packed'), files)];
  for (const [i, file] of files.entries()) {
    const [a, b] = [exact[i], packed[i]].map((row) => {
      const length = Math.hypot(...row);
      return row.map((value) => value / length);
    });
    t.true(cosine(a, b) >= 0.9999, `${file}: ${cosine(a, b)}`);
    t.notDeepEqual(a, b);
  }
});
