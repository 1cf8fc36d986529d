import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
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
const { embeddings } = JSON.parse(readFileSync(join(fixtures, 'peer-embeddings.json'), 'utf8')) as {
  embeddings: Record<string, { speech: number[]; quiet: number[] }>;
};

/** The recording five times over, without the last tenth of a second, at a twenty-fifth of its level: as `quiet` in make-peers.py. */
async function quietRecording(t: ExecutionContext): Promise<string> {
  const samples = await loadMono16k(speech);
  const longer = Int16Array.from({ length: 5 * samples.length - 1600 }, (_, i) =>
    Math.round((samples[i % samples.length] * 32768) / 25),
  );
  const path = join(temporaryFolder(t), 'quiet.wav');
  writeWav16(path, longer, 16000);
  return path;
}

for (const [name, what] of [
  ['resemblyzer', "Resemblyzer's encoder in the format of PyTorch before 1.6"],
  ['speechbrain', "SpeechBrain's ECAPA-TDNN with its hyperparams.yaml"],
]) {
  test(`${what} makes of recordings what the toolkit makes of them, together and in one batch`, async (t) => {
    const out = join(temporaryFolder(t), 'model');
    const { embeddingSize: size } = await importModel(join(fixtures, name), out);
    const { extractor, close: end } = await openModel(out, { device: 'cpu', threads: 1 });
    const { vectors } = await embedFiles([speech, await quietRecording(t)], extractor, { skipBad: false });
    await end();
    [embeddings[name].speech, embeddings[name].quiet].forEach((expected, i) => {
      const rms = Math.sqrt(expected.reduce((sum, value) => sum + value ** 2, 0) / expected.length);
      const scaled = (values: ArrayLike<number>) => Array.from(values, (value) => value / rms);
      close(t, scaled(vectors.subarray(i * size, (i + 1) * size)), scaled(expected), 1e-5, `${name}, ${i}`);
    });
  });
}

test('what a network of either hears is in its model file', async (t) => {
  const out = temporaryFolder(t);
  await importModel(join(fixtures, 'resemblyzer'), join(out, 'a'));
  await importModel(join(fixtures, 'speechbrain'), join(out, 'b'));
  const [a, b] = [readModel(join(out, 'a')).info, readModel(join(out, 'b')).info];
  t.like(a, { hearing: 'raised', backbone: { name: 'dvector' } });
  t.like(a.features, { frontEnd: 'librosa', bins: 16, window: 'hann', preEmphasis: 0, lowHz: 0, cmn: false });
  t.like(b, { hearing: 'unchanged', backbone: { name: 'ecapa-1024-glob' } });
  t.like(b.features, { frontEnd: 'speechbrain', bins: 20, window: 'hamming', preEmphasis: 0, lowHz: 0, cmn: true });
});

const changes: Record<string, [from: string, to: string, message: RegExp]> = {
  derivatives: [
    'n_mels: !ref <n_mels>',
    'n_mels: !ref <n_mels>\n    deltas: True',
    /adding derivatives to features is not/,
  ],
  'statistics over all recordings': ['norm_type: sentence', 'norm_type: global', /only means over the recording/],
  'normalised variance': ['std_norm: False', 'std_norm: True', /normalising the variance of features is not/],
  'other kernels': [
    'kernel_sizes: [5, 3, 3, 3, 1]',
    'kernel_sizes: [5, 5, 3, 3, 1]',
    /only \[5, 3, 3, 3, 1\] is supported/,
  ],
  'blocks of different widths': ['channels: [16, 16, 16, 16, 12]', 'channels: [16, 16, 24, 16, 12]', /of one width/],
  'a reference to nothing': ['n_mels: !ref <n_mels>', 'n_mels: !ref <bins>', /compute_features\.n_mels/],
  'a reference to itself': ['n_mels: 20', 'n_mels: !ref <n_mels>', /compute_features\.n_mels/],
};

for (const [what, [from, to, message]] of Object.entries(changes)) {
  test(`settings of SpeechBrain with ${what} are refused`, async (t) => {
    const dir = temporaryFolder(t);
    cpSync(join(fixtures, 'speechbrain'), dir, { recursive: true });
    const path = join(dir, 'hyperparams.yaml');
    const text = readFileSync(path, 'utf8');
    t.true(text.includes(from));
    writeFileSync(path, text.replace(from, to));
    await t.throwsAsync(importModel(dir, join(dir, 'model')), { instanceOf: UserError, message });
  });
}
