import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { resampleMap } from '../../../src/inspect/saliency/resample-map.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { saliencyPng, saliencySvg } from '../../../src/report/inspect/saliency-chart.js';
import { cosineOfFiles, speakerModel } from '../../../src/speakers/speaker-model.js';
import { explainScore } from '../../../src/tools/inspect/explain-score.js';
import { openModel } from '../../../src/tools/open-model.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { normals } from '../../helpers/random-values.js';
import { runMain } from '../../helpers/run-main.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('a map is stretched between the middles of its cells', (t) => {
  const map = { values: [0, 4, 2, 6], times: 2, rows: 2 };
  t.deepEqual(Array.from(resampleMap(map, { times: 2, rows: 2 })), map.values);
  t.deepEqual(
    Array.from(resampleMap({ values: [0, 2], times: 2, rows: 1 }, { times: 4, rows: 2 })),
    [0, 0, 0.5, 0.5, 1.5, 1.5, 2, 2],
  );
  t.deepEqual(Array.from(resampleMap({ values: [5], times: 1, rows: 1 }, { times: 2, rows: 1 })), [5, 5]);
});

test('the picture has high frequencies above, is orange where the score comes from, and dark where it is loud', (t) => {
  const [frames, bins] = [2, 3];
  const spectrogram = Float32Array.of(0, 0, 9, 0, 0, 0);
  const saliency = Float32Array.of(0, 0, 0, 0, 1, 0);
  const chart = { title: '<two>', seconds: 0.02, spectrogram, saliency, frames, bins, lowHz: 20, highHz: 8000 };
  const png = Buffer.from(saliencyPng(chart));
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  t.deepEqual([width, height], [8, 12]);
  const data = png.subarray(41, 41 + png.readUInt32BE(33));
  const rows = inflateSync(data);
  t.is(rows.length, height * (1 + 3 * width));
  const pixel = (x: number, y: number) => Array.from(rows.subarray(y * (1 + 3 * width) + 1 + 3 * x).subarray(0, 3));
  t.true(pixel(0, 0)[0] < 30, 'the loud cell is in the top left');
  const [red, green, blue] = pixel(6, 5);
  t.true(red > green && green > blue, 'the salient cell is in the middle of the second frame');
  const [r, g, b] = pixel(0, 11);
  t.true(r === g && g === b && r > 200);
  const svg = saliencySvg(chart);
  t.regex(svg, /^<svg xmlns="[^"]*" [^>]*aria-label="&lt;two&gt;[^>]*><style>/);
  t.regex(svg, /<image [^>]*href="data:image\/png;base64,/);
});

test('the command explains the score that the speaker tools give, and says what is missing', async (t) => {
  const dir = temporaryFolder(t);
  const files = ['a.wav', 'b.wav'].map((name) => join(dir, name));
  for (const [i, file] of files.entries()) writeWav16(file, normals(9600, `voice${i}`, 0.1), 16000);
  const model = join(dir, 'model');
  await writeTinyModel(model, { files });
  const picture = join(dir, 'why.svg');
  const { code, stdout, stderr } = await runMain([
    'saliency',
    files[0],
    files[1],
    '--model',
    model,
    '--out',
    picture,
    '--json',
  ]);
  t.is(code, 0, stderr);
  const said = JSON.parse(stdout);
  t.like(said, { layer: 'features', rows: 16, layers: ['features', 'layer1', 'layer2', 'layer3', 'layer4', 'frames'] });
  t.is(said.saliency.length, said.times * said.rows);
  t.regex(readFileSync(picture, 'utf8'), /^<svg /);
  const { extractor, model: described, close } = await openModel(model, { device: 'cpu' });
  const cosine = await cosineOfFiles(speakerModel(described, extractor), files[0], files[1]);
  await close();
  t.true(Math.abs(said.score - cosine) < 1e-4, `${said.score} and ${cosine}`);
  const other = { file: files[1] };
  const refused = (options: object) =>
    t.throwsAsync(explainScore(files[0], other, { model, ...options }), { instanceOf: UserError });
  t.regex((await refused({ layer: 'layer9' }))!.message, /^The network has no layer 'layer9' to look at/);
});
