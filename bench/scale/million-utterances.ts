// Memory and time of preparing a large corpus, with one tiny recording under many names:
//
//   node dist/bench/scale/million-utterances.js 20000            decodes, as `voxloop corpus kaldi` does
//   node dist/bench/scale/million-utterances.js 1000000 --lists  the lists only: no sound is decoded
//
// Prints a line of JSON a step: seconds, and the resident set after it (rss) and at its highest so far (peak), in MiB.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildKaldiCorpus } from '../../src/data/corpus/kaldi/kaldi.js';
import { readKaldiData } from '../../src/data/corpus/kaldi/kaldi-data.js';
import { safeNames } from '../../src/data/corpus/safe-names.js';
import { createSampler } from '../../src/data/crops/sampler.js';
import { readManifest, type Utterance, writeManifest } from '../../src/data/manifest.js';
import { openShards } from '../../src/data/shards/shards.js';
import { readTrials, repeatedTrials } from '../../src/data/trials.js';
import { streamFileAtomic } from '../../src/io/atomic-stream.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { createRng } from '../../src/random.js';

const UTTERANCES_A_SPEAKER = 180; // as VoxCeleb2: 1,092,009 of 5,994
const SAMPLES = 800;
const BATCH = 256;

async function step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
  const from = performance.now();
  const made = await run();
  globalThis.gc?.();
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  const seconds = Number(((performance.now() - from) / 1000).toFixed(2));
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ step: name, seconds, rss: mebibytes(process.memoryUsage().rss), peak }));
  return made;
}

const nameOf = (i: number): string => {
  const speaker = `id${String(Math.floor(i / UTTERANCES_A_SPEAKER)).padStart(5, '0')}`;
  return `${speaker}/v${String(Math.floor(i / 6) % 100000).padStart(10, '0')}/${String(i % UTTERANCES_A_SPEAKER).padStart(5, '0')}.wav`;
};

async function writeData(dir: string, count: number): Promise<void> {
  const rng = createRng('bench/million');
  const sound = Float32Array.from({ length: SAMPLES }, () => 0.1 * rng.normal());
  writeWav16(join(dir, 'one.wav'), sound, 16000);
  await streamFileAtomic(join(dir, 'wav.scp'), (append) => {
    for (let i = 0; i < count; i++) append(`${nameOf(i)} ${join(dir, 'one.wav')}\n`);
  });
  await streamFileAtomic(join(dir, 'utt2spk'), (append) => {
    for (let i = 0; i < count; i++) append(`${nameOf(i)} ${nameOf(i).slice(0, 7)}\n`);
  });
}

async function prepare(data: string, out: string): Promise<void> {
  await step('corpus kaldi', () => buildKaldiCorpus({ root: data, out }));
  await step('read manifest', () => readManifest(out).utterances.length);
  const shards = await step('open shards', () => openShards(join(out, 'shards', 'train')));
  const sampler = createSampler({ count: shards.ids.length, batchSize: BATCH, seed: 1 });
  await step('sample an epoch', () => {
    for (let i = 0; i < sampler.batchesPerEpoch; i++) sampler.batchAt(i);
  });
}

function* utterancesOf(names: Iterable<string>): Generator<Utterance> {
  for (const path of names)
    yield {
      id: path.replaceAll('/', '-'),
      path,
      speaker: path.slice(0, 7),
      split: 'train',
      seconds: 8,
      language: null,
    };
}

async function lists(data: string, out: string): Promise<void> {
  const { names } = await step('read wav.scp and utt2spk', () =>
    readKaldiData(data, { allowPipes: false, warn: () => {} }),
  );
  await step('name utterances', () => {
    const nameOf = safeNames(names);
    for (const name of names) nameOf(name);
  });
  await step('write manifest', () => writeManifest(out, { [Symbol.iterator]: () => utterancesOf(names) }));
  await step('read manifest', () => readManifest(out).utterances.length);
  const rng = createRng('bench/million/trials');
  await streamFileAtomic(join(data, 'trials'), (append) => {
    for (let i = 0; i < names.size; i++)
      append(`${i % 2} ${names.at(rng.int(names.size))} ${names.at(rng.int(names.size))}\n`);
  });
  await step('read trials, count repeats', () => repeatedTrials(readTrials(join(data, 'trials'))));
  const sampler = createSampler({ count: names.size, batchSize: BATCH, seed: 1 });
  await step('sample an epoch', () => {
    for (let i = 0; i < sampler.batchesPerEpoch; i++) sampler.batchAt(i);
  });
}

const count = Number(process.argv[2] ?? 20000);
const folder = mkdtempSync(join(tmpdir(), 'voxloop-million-'));
try {
  const data = join(folder, 'data');
  await step(`write ${count} lines`, () => writeData(data, count));
  await (process.argv.includes('--lists') ? lists : prepare)(data, join(folder, 'out'));
} finally {
  rmSync(folder, { recursive: true });
}
