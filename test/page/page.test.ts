import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { openVoices, type PageModel } from '../../src/page/voices.js';
import { calibrate, writeCalibration } from '../../src/speakers/calibration.js';
import { writePage } from '../../src/tools/write-page.js';
import { hiss, sequence, spectrumExtractor, talk } from '../helpers/corpora/talk.js';
import { exportDescription, writeEmptyOnnx } from '../helpers/networks/empty-onnx.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { smallFeatures } from '../helpers/training/small-training.js';

const site = fileURLToPath(new URL('../../../src/page/site', import.meta.url));
const RUNTIME = ['ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm'];

/** A folder that looks like onnxruntime-web. */
function standInRuntime(t: ExecutionContext): string {
  const dir = temporaryFolder(t);
  mkdirSync(join(dir, 'dist'));
  for (const name of RUNTIME) writeFileSync(join(dir, 'dist', name), name);
  return dir;
}

test('the page holds the graph, what is to be known of it, and the runtime', async (t) => {
  const dir = temporaryFolder(t);
  const file = writeEmptyOnnx(join(dir, 'voice.onnx'), { voxloop: JSON.stringify(exportDescription) });
  const scores = { targets: Float64Array.of(0.2, 0.6, 0.7, 0.9), nontargets: Float64Array.of(-0.2, 0, 0.1, 0.3) };
  const model = { name: 'test (tdnn, 2)', digest: 'a'.repeat(64) };
  const about = { model, meanSubtracted: true, source: 'few.txt', kind: 'trials' } as const;
  const calibration = calibrate(scores, about);
  writeCalibration(dir, calibration);
  const onnxruntime = standInRuntime(t);
  const out = join(dir, 'site');
  const summary = await writePage(file, out, { onnxruntime });
  t.like(summary, { model: 'test (tdnn, 2)', calibrated: true });
  t.deepEqual(readFileSync(join(out, 'model.onnx')), readFileSync(file));
  t.is(readFileSync(join(out, 'onnxruntime', RUNTIME[0]), 'utf8'), RUNTIME[0]);
  for (const name of readdirSync(site)) t.true(summary.files.includes(name), name);
  const {
    mean,
    minFrames,
    threshold,
    calibration: written,
  } = JSON.parse(readFileSync(join(out, 'model.json'), 'utf8'));
  t.deepEqual([mean, minFrames], [[1, -2], 3]);
  t.deepEqual(written, { scale: calibration.scale, offset: calibration.offset });
  t.like(threshold, { value: calibration.equalError.threshold, basis: 'equal error rate on few.txt' });
  await t.notThrowsAsync(writePage(file, out, { onnxruntime }), 'a page is written again');
});

test('a missing runtime and a folder of other things are named before anything is written', async (t) => {
  const dir = temporaryFolder(t, { 'mine/thesis.txt': 'years of work' });
  const file = writeEmptyOnnx(join(dir, 'voice.onnx'), { voxloop: JSON.stringify(exportDescription) });
  const refused = (out: string, onnxruntime: string, message: RegExp) =>
    t.throwsAsync(writePage(file, join(dir, out), { onnxruntime }), { message, name: 'UserError' });
  await refused('site', dir, /is not the folder of onnxruntime-web: it lacks dist\/ort\.wasm\.bundle\.min\.mjs/);
  await refused('mine', standInRuntime(t), /holds files that are no page of voxloop/);
  t.deepEqual(readdirSync(dir).sort(), ['mine', 'voice.onnx']);
});

test('nothing on the page is asked of elsewhere, and its policy forbids it', (t) => {
  const page = readFileSync(join(site, 'index.html'), 'utf8');
  const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)![1].split(';');
  t.true(policy.includes("default-src 'none'") && policy.includes("connect-src 'self'"));
  t.false(
    policy.some((rule) => /https?:|\*|'unsafe-(inline|eval)'/.test(rule)),
    policy.join(),
  );
  for (const name of readdirSync(site)) {
    const addresses = readFileSync(join(site, name), 'utf8').match(/https?:\/\/[^\s'"]+/g) ?? [];
    t.deepEqual(
      addresses.filter((address) => address !== 'http://www.w3.org/2000/svg'),
      [],
      name,
    );
  }
});

const model: PageModel = {
  name: 'spectra',
  embeddingSize: spectrumExtractor.size,
  features: smallFeatures,
  minFrames: 1,
  mean: Array.from({ length: spectrumExtractor.size }, (_, i) => i / 10),
  calibration: { scale: 3, offset: -1 },
  threshold: { value: 0.25, basis: 'given' },
};

test('two recordings are compared around the mean, with the ratio and verdict of the calibration', async (t) => {
  const voices = openVoices(model, spectrumExtractor);
  const [a, b] = [talk(0, 2), talk(2, 2)];
  const around = async (samples: Float32Array) => (await voices.embed(samples)).map((value, i) => value - i / 10);
  const [x, y] = [await around(a), await around(b)];
  const dot = (u: Float32Array, v: Float32Array) => u.reduce((sum, value, i) => sum + value * v[i], 0);
  const expected = dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
  const { cosine, llr, same } = await voices.compare(a, b);
  t.true(Math.abs(cosine - expected) < 1e-6, `${cosine} ${expected}`);
  t.is(llr, 3 * cosine - 1);
  t.is(same, cosine > 0.25);
  const bare = await openVoices({ ...model, calibration: null, threshold: null }, spectrumExtractor).compare(a, b);
  t.like(bare, { cosine, llr: null, same: null });
  await t.throwsAsync(voices.compare(a, new Float32Array(300)), {
    message: /lasts 19 ms; a comparison needs at least 25 ms/,
  });
});

test('a conversation is cut where the voices change', async (t) => {
  const samples = sequence(talk(0, 4), hiss(1), talk(2, 4));
  const segments = await openVoices(model, spectrumExtractor).diarize(samples, 2);
  t.deepEqual(
    segments.map(({ speaker }) => speaker),
    ['speaker1', 'speaker2'],
  );
  t.true(segments[0].endSeconds < 4.5 && segments[1].startSeconds > 4.5);
});

test('the build bundles the page with the licences of what is in it', (t) => {
  const built = fileURLToPath(new URL('../../page', import.meta.url));
  t.true(readFileSync(join(built, 'worker.js'), 'utf8').length > 10_000);
  const licences = readFileSync(join(built, 'LICENSES.txt'), 'utf8');
  for (const name of ['zod', 'ml-matrix']) t.true(licences.includes(`contains ${name}:`));
});
