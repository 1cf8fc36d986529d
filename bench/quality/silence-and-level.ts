import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { readTrials, trialUtterances } from '../../src/data/trials.js';
import { scoreTrials } from '../../src/eval/cosine-scoring.js';
import { eerOf } from '../../src/eval/detection/eer.js';
import { createRng } from '../../src/random.js';
import { textTable } from '../../src/report/table.js';
import { dot, norm, rowsOf } from '../../src/rows.js';

// Cosines of embeddings of recordings with silence, padding or level changed to those of the same recordings as they were, and, where the
// change puts zeros in, to those of the changed recording with noise of one bit; and error rates of trial lists:
//   node dist/bench/quality/silence-and-level.js --recordings DIR [--recordings DIR] [--count 200] --model NAME=DIR [--trials LIST --root DIR]
// `--build DIR` embeds with another build of voxloop (its dist folder), to compare with; its decoding and scoring are this one's.

const { values } = parseArgs({
  options: {
    recordings: { type: 'string', multiple: true, default: [] },
    count: { type: 'string', default: '200' },
    model: { type: 'string', multiple: true, default: [] },
    trials: { type: 'string', multiple: true, default: [] },
    root: { type: 'string', default: '.' },
    build: { type: 'string' },
  },
});

type Change = (samples: Float32Array) => Float32Array;
const FRAME = 160;
const SECOND = 16000;

const lost: Change = (samples) => samples.map((value, i) => (Math.floor(i / 320) % 20 === 13 ? 0 : value));

const CHANGES: [string, Change][] = [
  ['quietest quarter of 10 ms frames zero', gated],
  ['the same, beside one bit of noise', gated],
  ['20 ms in 400 ms zero', lost],
  ['the same, beside one bit of noise', lost],
  ['1 s of zeros before and after', padded],
  ['the same, beside one bit of noise', padded],
  ['-60 dB', louder(-60)],
  ['-40 dB', louder(-40)],
  ['-20 dB', louder(-20)],
  ['+20 dB', louder(20)],
  ['int16 values as floats', (samples) => samples.map((value) => value * 32768)],
];

function gated(samples: Float32Array): Float32Array {
  const power = new Float64Array(Math.ceil(samples.length / FRAME));
  samples.forEach((value, i) => {
    power[Math.floor(i / FRAME)] += value ** 2;
  });
  const limit = power.slice().sort()[Math.floor(power.length / 4)];
  return samples.map((value, i) => (power[Math.floor(i / FRAME)] < limit ? 0 : value));
}

function padded(samples: Float32Array): Float32Array {
  const all = new Float32Array(samples.length + 2 * SECOND);
  all.set(samples, SECOND);
  return all;
}

function louder(db: number): Change {
  return (samples) => samples.map((value) => value * 10 ** (db / 20));
}

/** With Gaussian noise of one 16-bit step RMS, as a microphone and a converter add it at the least. */
function noisy(samples: Float32Array): Float32Array {
  const rng = createRng('one bit');
  return samples.map((value) => value + rng.normal() / 32768);
}

/** The network, from this build or another one, as a function from samples to vectors. */
async function openNetwork(dir: string) {
  const build = values.build ? pathToFileURL(`${resolve(values.build)}/src/`) : new URL('../../src/', import.meta.url);
  const part = (path: string) => import(new URL(path, build).href);
  const { openModel }: typeof import('../../src/tools/open-model.js') = await part('tools/open-model.js');
  const { embedPieces }: typeof import('../../src/embed/embed-pieces.js') = await part('embed/embed-pieces.js');
  const { toPcm16 }: typeof import('../../src/data/shards/pcm16.js') = await part('data/shards/pcm16.js');
  const { model, extractor, close } = await openModel(dir);
  const embed = async (all: readonly Float32Array[]) => [
    ...rowsOf(await embedPieces(all.map(toPcm16), extractor), extractor.size),
  ];
  return { mean: model.mean, embed, close };
}

/** Evenly spaced ones of a folder's files, in the order of their names. */
async function recordingsIn(folder: string, count: number): Promise<Float32Array[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const audio = files.filter((file) => /\.(wav|flac|opus|ogg|mp3|m4a)$/.test(file));
  const chosen = Array.from({ length: count }, (_, i) => audio[Math.floor((i * audio.length) / count)]);
  return Promise.all(chosen.map((file) => loadMono16k(join(folder, file))));
}

const cosine = (a: Float32Array, b: Float32Array) => dot(a, b) / (norm(a) * norm(b));

async function cosines(embed: (all: readonly Float32Array[]) => Promise<Float32Array[]>, originals: Float32Array[]) {
  const before = await embed(originals);
  const rows: { name: string; mean: number; least: number; below: number }[] = [];
  for (const [name, change] of CHANGES) {
    const changed = originals.map(change);
    const beside = name.startsWith('the same') ? await embed(changed.map(noisy)) : before;
    const found = (await embed(changed)).map((vector, i) => cosine(vector, beside[i]));
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    rows.push({ name, mean, least: Math.min(...found), below: found.filter((value) => value < 0.9).length });
  }
  return rows;
}

const folders = values.recordings;
const share = Math.floor(Number(values.count) / folders.length);
const originals = (await Promise.all(folders.map((folder) => recordingsIn(folder, share)))).flat();
const lists = values.trials.map((path) => ({ path, trials: readTrials(path) }));
const names = [...new Set(lists.flatMap(({ trials }) => trialUtterances(trials)))];
const tested: Float32Array[] = [];
for (const name of names) tested.push(await loadMono16k(join(values.root, name)));

for (const [name, dir] of values.model.map((pair) => pair.split('=') as [string, string])) {
  const { mean, embed, close } = await openNetwork(dir);
  console.log(`${name}: ${originals.length} recordings`);
  if (originals.length > 0) {
    const table = textTable(await cosines(embed, originals), [
      { header: 'change', cell: (row) => row.name },
      { header: 'mean', cell: (row) => row.mean.toFixed(3) },
      { header: 'least', cell: (row) => row.least.toFixed(2) },
      { header: 'below 0.9', cell: (row) => String(row.below) },
    ]);
    console.log(table);
  }
  const vectors = tested.length > 0 ? await embed(tested) : [];
  const embeddings = new Map(vectors.map((vector, i) => [names[i], vector]));
  for (const { path, trials } of lists) {
    const targets = trials.map(({ target }) => target);
    const rate = (options = {}) => (100 * eerOf(scoreTrials(embeddings, trials, options), targets)).toFixed(1);
    console.log(`${path}: EER ${rate()} % by cosine${mean ? `, ${rate({ mean })} % with the mean subtracted` : ''}`);
  }
  await close();
}
