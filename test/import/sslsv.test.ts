import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { embedFiles } from '../../src/embed/embed-files.js';
import { readModel } from '../../src/embed/model-file.js';
import { UserError } from '../../src/errors.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { importModel } from '../../src/tools/import-model.js';
import { openModel } from '../../src/tools/open-model.js';
import { close } from '../helpers/close.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/import', import.meta.url));
const speech = join(fixtures, 'speech.wav');
const training = join(fixtures, 'sslsv');
const { embeddings } = JSON.parse(readFileSync(join(fixtures, 'sslsv-embeddings.json'), 'utf8')) as {
  embeddings: { speech: number[]; quiet: number[] };
};

test("the teacher of sslsv's DINO makes of recordings what sslsv makes of them, together and in one batch", async (t) => {
  const dir = temporaryFolder(t);
  const samples = await loadMono16k(speech);
  // As `quiet` in make-peers.py.
  const longer = Int16Array.from({ length: 5 * samples.length - 1600 }, (_, i) =>
    Math.round((samples[i % samples.length] * 32768) / 25),
  );
  writeWav16(join(dir, 'quiet.wav'), longer, 16000);
  const summary = await importModel(training, join(dir, 'model'));
  t.like(summary, {
    name: 'sslsv ECAPATDNN',
    embeddingSize: 6,
    weights: join(training, 'checkpoints', 'model_avg.pt'),
  });
  t.regex(summary.licence, /^MIT, sslsv's/);
  t.like(readModel(join(dir, 'model')).info, {
    hearing: 'unchanged',
    backbone: { name: 'ecapa-1024-glob' },
    features: { frontEnd: 'sslsv', bins: 12, window: 'hann', preEmphasis: 0, lowHz: 0, cmn: true },
  });
  const { extractor, close: end } = await openModel(join(dir, 'model'), { device: 'cpu', threads: 1 });
  const { vectors } = await embedFiles([speech, join(dir, 'quiet.wav')], extractor, { skipBad: false });
  await end();
  [embeddings.speech, embeddings.quiet].forEach((expected, i) => {
    const rms = Math.sqrt(expected.reduce((sum, value) => sum + value ** 2, 0) / expected.length);
    const scaled = (values: ArrayLike<number>) => Array.from(values, (value) => value / rms);
    close(t, scaled(vectors.subarray(6 * i, 6 * i + 6)), scaled(expected), 2e-5, `recording ${i}`);
  });
});

test('a checkpoint of sslsv is imported with its settings beside it or above it, and not without', async (t) => {
  const dir = temporaryFolder(t);
  cpSync(training, dir, { recursive: true });
  const weights = join(dir, 'checkpoints', 'model_avg.pt');
  await t.notThrowsAsync(importModel(weights, join(dir, 'above')));
  cpSync(join(dir, 'config.yml'), join(dir, 'checkpoints', 'config.yml'));
  rmSync(join(dir, 'config.yml'));
  await t.notThrowsAsync(importModel(weights, join(dir, 'beside')));
  rmSync(join(dir, 'checkpoints', 'config.yml'));
  await t.throwsAsync(importModel(weights, join(dir, 'without'), 'sslsv'), {
    instanceOf: UserError,
    message: /config\.yml with 'encoder' and 'method' is missing: sslsv keeps it in the folder above/,
  });
});

const changes: Record<string, [from: string, to: string, message: RegExp]> = {
  'another encoder': ["type: 'ecapatdnn'", "type: 'resnet34'", /only ecapatdnn can be imported/],
  'another transform': ['mel_n_mels: 12', 'mel_n_mels: 12\n  mel_n_fft: 1024', /encoder\.mel_n_fft/],
  'no pooling': ['mel_n_mels: 12', 'mel_n_mels: 12\n  pooling: false', /without pooling has no embedding/],
};

/** A copy of the training with other settings. */
function changedTraining(dir: string, from: string, to: string): string {
  cpSync(training, dir, { recursive: true });
  const path = join(dir, 'config.yml');
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  return dir;
}

for (const [what, [from, to, message]] of Object.entries(changes)) {
  test(`settings of sslsv with ${what} are refused`, async (t) => {
    const dir = changedTraining(temporaryFolder(t), from, to);
    await t.throwsAsync(importModel(dir, join(dir, 'model')), { instanceOf: UserError, message });
  });
}

test('methods of sslsv other than DINO embed with the network that is trained, of which this file holds one block', async (t) => {
  const dir = changedTraining(temporaryFolder(t), "type: 'dino'", "type: 'moco'");
  const message =
    /does not hold the weights of sslsv ECAPATDNN:\n {2}encoder\.blocks\.1\.tdnn1\.conv\.conv\.weight \[8,8\] is missing/;
  await t.throwsAsync(importModel(dir, join(dir, 'model')), { instanceOf: UserError, message });
});
