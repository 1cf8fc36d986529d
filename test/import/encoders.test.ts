import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { features } from '../../src/audio/features/features.js';
import { embedFiles } from '../../src/embed/embed-files.js';
import { loadWeights } from '../../src/embed/extract.js';
import { type Model, readModel } from '../../src/embed/model-file.js';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import { UserError } from '../../src/errors.js';
import { float32, int32, sizeOf } from '../../src/host-tensor.js';
import { writeSafetensors } from '../../src/io/safetensors.js';
import type { Backbone } from '../../src/nn/backbone.js';
import { maskTime } from '../../src/nn/pass.js';
import { createScope } from '../../src/nn/scope.js';
import { layerOutputs } from '../../src/nn/taps.js';
import { importModel } from '../../src/tools/import-model.js';
import { explainScore } from '../../src/tools/inspect/explain-score.js';
import { openModel } from '../../src/tools/open-model.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/import', import.meta.url));
const folder = join(fixtures, 'encoders');
const cases = ['encoders', 'fairseq'].flatMap((kind) =>
  readdirSync(join(fixtures, kind), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [join(kind, entry.name)] : [],
  ),
);
const pcm = Float32Array.from(JSON.parse(readFileSync(join(folder, 'sound.json'), 'utf8')));
const [LAYERS, WIDTH] = [3, 32];

/** An encoder imported from a folder of settings and weights. */
async function imported(t: ExecutionContext, dir: string): Promise<Model> {
  const out = join(temporaryFolder(t), 'model');
  await importModel(dir, out);
  return readModel(out);
}

/** The imported network in a session. */
async function opened(session: Session, model: Model): Promise<Backbone> {
  const { name, options } = model.info.backbone;
  const scope = createScope(session, 'model', 0);
  const backbone = (await backboneOf(name, options, model.info.features.bins))(scope);
  await loadWeights(session, scope, model);
  return backbone;
}

/** Outputs of all layers for padded rows of `wave`, of so many frames each. */
async function hiddenOf(model: Model, wave: Float32Array, rows: number, frames?: number[]) {
  return withSession(async (session) => {
    const backbone = await opened(session, model);
    const forward = session.compile('forward', ({ sound, lengths }: Record<string, Tensor>) => {
      const input = features(sound, model.info.features, { name: 'x', dither: false, lengths });
      const pass = { training: false, lengths };
      return Object.fromEntries(layerOutputs(backbone, maskTime(input, pass), pass));
    });
    const sound = float32(wave, [rows, wave.length / rows]);
    return forward(frames ? { sound, lengths: int32(Int32Array.from(frames)) } : { sound });
  });
}

for (const name of cases)
  test(`${name}: every layer gives what the published code computed`, async (t) => {
    const model = await imported(t, join(fixtures, name));
    const { hidden } = JSON.parse(readFileSync(join(fixtures, name, 'hidden.json'), 'utf8')) as {
      hidden: number[][][];
    };
    const outputs = await hiddenOf(model, pcm, 1);
    t.is(hidden.length, LAYERS);
    for (const [layer, rows] of hidden.entries()) {
      const { data, shape } = outputs[`layer${layer}`];
      t.deepEqual(shape, [1, rows.length, WIDTH]);
      const expected = rows.flat();
      const largest = Math.max(...expected.map(Math.abs));
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - (data as Float32Array)[i])));
      t.true(worst < 2e-4 * largest, `layer ${layer}: off by ${worst} of ${largest}`);
    }
  });

test('a row that is padded in its batch gives what it gives alone', async (t) => {
  const frames = 7;
  const samples = 400 + 320 * (frames - 1);
  for (const name of ['wavlm', 'wav2vec2-large']) {
    const model = await imported(t, join(folder, name));
    const both = new Float32Array(2 * pcm.length);
    both.set(pcm);
    both.set(pcm.subarray(0, samples), pcm.length);
    const alone = await hiddenOf(model, pcm.slice(0, samples), 1);
    const batch = await hiddenOf(model, both, 2, [11, frames]);
    for (const layer of ['layer0', 'layer1', 'layer2', 'embedding']) {
      const wanted = alone[layer].data as Float32Array;
      const [from, found] = [batch[layer].data.length / 2, batch[layer].data as Float32Array];
      const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      wanted.forEach((value, i) => {
        if (Math.abs(value - found[from + i]) > 2e-4 * largest) t.fail(`${name} ${layer}[${i}]`);
      });
      if (layer !== 'embedding') t.true(found.subarray(from + wanted.length).every((value) => value === 0));
    }
  }
});

test('an encoder of another architecture or sampling rate is refused', async (t) => {
  const fault = async (file: string, change: object, from = 'wavlm') => {
    const dir = join(temporaryFolder(t), 'encoder');
    cpSync(join(folder, from), dir, { recursive: true });
    const settings = JSON.parse(readFileSync(join(dir, file), 'utf8'));
    writeFileSync(join(dir, file), JSON.stringify(Object.assign(settings, change)));
    const error = await t.throwsAsync(importModel(dir, join(dir, 'out')), { instanceOf: UserError });
    return error!.message.replaceAll(dir, 'DIR');
  };
  t.is(
    await fault('config.json', { model_type: 'bert' }),
    "DIR/config.json: 'bert' is no encoder that voxloop has. It reads wav2vec2, hubert, wavlm.",
  );
  t.regex(await fault('preprocessor_config.json', { sampling_rate: 8000 }), /another sampling rate than 16000 Hz/);
  t.regex(
    await fault('config.json', { conv_stride: [5, 2, 2, 2, 2, 2, 4] }),
    /only strides \[5, 2, 2, 2, 2, 2, 2\] are supported/,
  );
  t.regex(
    await fault('config.json', { num_hidden_layers: 3 }),
    /encoder\.layers\.2\.attention\.q_proj\.weight \[32,32\] is missing/,
  );
  t.regex(
    await fault('config.json', { model_type: 'hubert' }),
    /encoder\.layers\.0\.attention\.gru_rel_pos_const .* has no place in the network/,
  );
});

test('the head behind an encoder is chosen, drawn alike each time, and embeds; the encoder itself is not', async (t) => {
  const dir = join(folder, 'hubert');
  const out = () => join(temporaryFolder(t), 'model');
  const [first, second] = [out(), out()];
  const head = { head: 'mhfa', mhfaHeads: 3, mhfaSize: 5, adapter: 2, embeddingSize: 7 };
  for (const path of [first, second]) await importModel(dir, path, undefined, head);
  t.deepEqual(readModel(first).weights, readModel(second).weights);
  t.like(readModel(first).info, { embeddingSize: 7, hearing: 'unchanged', origin: 'HuBERT encoder' });
  const { extractor, close } = await openModel(first, { device: 'cpu' });
  const speech = fileURLToPath(new URL('../../../test/fixtures/import/speech.wav', import.meta.url));
  const { vectors } = await embedFiles([speech], extractor, { skipBad: false });
  await close();
  t.is(vectors.length, 7);
  t.true(vectors.every(Number.isFinite) && vectors.some((value) => Math.abs(value) > 1e-3));
  await t.throwsAsync(explainScore(speech, { file: speech }, { model: first }), {
    message: /hears the waveform itself/,
  });
  const refused = async (source: string, options: object) => {
    const error = await t.throwsAsync(importModel(source, out(), undefined, { ...options }), { instanceOf: UserError });
    return error!.message;
  };
  t.regex(await refused(dir, { width: 64 }), /^'width' belongs to the encoder/);
  t.regex(
    await refused(join(folder, '..', 'speechbrain'), { head: 'mhfa' }),
    /comes with its own embedding: leave head out/,
  );
});

test("a file of fairseq with another architecture is refused, and so is one that is no encoder's", async (t) => {
  const names = {
    'encoder.pos_conv.0.0.weight': /a chain of positional convolutions \(data2vec\) is not what voxloop has/,
    'encoder.pos_conv.0.running_mean': /a norm over the batch in front of the positions is not what voxloop has/,
    'encoder.layers.0.conv_module.pointwise_conv1.weight': /a conformer is not what voxloop has/,
    'feature_aggregator.conv_layers.0.1.weight': /the aggregator of wav2vec \(1\) is not what voxloop has/,
  };
  for (const [name, message] of Object.entries(names)) {
    await t.throwsAsync(fairseqFile(t, [...CONVOLUTIONS, [name, [1]]]), { instanceOf: UserError, message });
  }
  const strided = await t.throwsAsync(fairseqFile(t, CONVOLUTIONS.slice(0, 6)), { instanceOf: UserError });
  t.regex(strided!.message, /a chain of convolutions of kernels 10,3,3,3,3,2, and strides unknown/);
  t.regex(
    (await t.throwsAsync(fairseqFile(t, CONVOLUTIONS)))!.message,
    /tensor encoder\.pos_conv\.0\.weight_v is missing/,
  );
  t.regex(
    (await t.throwsAsync(fairseqFile(t, [['a.weight', [2]]], 'fairseq')))!.message,
    /is no speech encoder of fairseq: it has no tensor feature_extractor\.conv_layers\.0\.0\.weight/,
  );
});

const KERNELS = [10, 3, 3, 3, 3, 2, 2];
const CONVOLUTIONS = KERNELS.map((kernel, i): [string, number[]] => [
  `feature_extractor.conv_layers.${i}.0.weight`,
  [2, i === 0 ? 1 : 2, kernel],
]);

/** Imports a file of zeros of these shapes. */
function fairseqFile(t: ExecutionContext, tensors: [name: string, shape: number[]][], format?: 'fairseq') {
  const dir = temporaryFolder(t);
  writeSafetensors(
    join(dir, 'model.safetensors'),
    Object.fromEntries(tensors.map(([name, shape]) => [name, float32(new Float32Array(sizeOf(shape)), shape)])),
    {},
  );
  return importModel(join(dir, 'model.safetensors'), join(dir, 'out'), format);
}
