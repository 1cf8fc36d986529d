import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import { applyChannel } from '../../src/data/corpus/channel.js';
import { readManifest, type Utterance, writeManifest } from '../../src/data/manifest.js';
import { writeFileAtomic } from '../../src/io/atomic.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { createRng, type Rng } from '../../src/random.js';

/** The kind of a clip of the mix. */
export type ClipKind = 'good' | 'two speakers' | 'noise';

const RATE_HZ = 16000;
const TWO_SPEAKERS = 0.2;
const NOISE = 0.2;

/**
 * Writes a corpus folder with recordings as they come from the wild: the training utterances of a corpus, a fifth of the clips two speakers one
 * after the other (the change between 35 and 65 %), a fifth noise (steady, modulated, hum, clicks), each clip through a channel of its own. No
 * utterance is in two clips. The tests are those of the corpus. Returns each clip's kind by id.
 */
export async function writeWildMix(corpus: string, out: string, seed: number): Promise<Map<string, ClipKind>> {
  const rng = createRng(seed).fork('wild mix');
  const { utterances } = readManifest(corpus);
  const train = utterances.filter(({ split }) => split === 'train');
  const queue = rng.shuffle([...train]);
  const kinds = new Map<string, ClipKind>();
  const clips: Utterance[] = [];
  // A clip of two takes two utterances and one of noise none: 0.8 n utterances and 0.2 n more.
  const total = Math.floor(train.length / (1 + TWO_SPEAKERS - NOISE));
  for (let i = 0; i < total && queue.length > 0; i++) {
    const draw = rng.next();
    const own = rng.fork(i);
    const first = draw < NOISE ? null : queue.pop()!;
    const other = draw >= NOISE && draw < NOISE + TWO_SPEAKERS ? takeOther(queue, first!.speaker) : undefined;
    const kind: ClipKind = first === null ? 'noise' : other ? 'two speakers' : 'good';
    const id = `clip-${String(i).padStart(4, '0')}`;
    const dry = first === null ? drawNoise(4 * RATE_HZ, own) : await speechOf(corpus, first, other, own);
    const path = `wav/${id}.wav`;
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeWav16(join(out, path), applyChannel(dry, own.fork('channel')), RATE_HZ);
    kinds.set(id, kind);
    const speaker = kind === 'good' ? first!.speaker : kind;
    clips.push({ id, path, speaker, split: 'train', seconds: dry.length / RATE_HZ, language: null });
  }
  const tests = utterances.filter(({ split }) => split === 'test');
  writeManifest(out, [...clips, ...tests]);
  for (const part of ['trials', 'channel', ...new Set(tests.map(({ path }) => dirname(path)))]) {
    symlinkSync(resolve(corpus, part), join(out, part));
  }
  writeFileAtomic(join(out, 'corpus.json'), JSON.stringify({ name: 'wild mix', skipped: {} }));
  return kinds;
}

function takeOther(queue: Utterance[], speaker: string | null): Utterance | undefined {
  const at = queue.findIndex((one) => one.speaker !== speaker);
  return at < 0 ? undefined : queue.splice(at, 1)[0];
}

async function speechOf(
  corpus: string,
  first: Utterance,
  other: Utterance | undefined,
  rng: Rng,
): Promise<Float32Array> {
  const a = atLevel(await loadMono16k(join(corpus, first.path)));
  if (!other) return a;
  const b = atLevel(await loadMono16k(join(corpus, other.path)));
  const both = a.slice();
  const change = Math.round(rng.uniform(0.35, 0.65) * a.length);
  both.set(b.subarray(0, both.length - change), change);
  return both;
}

function atLevel(samples: Float32Array): Float32Array {
  const rms = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
  return samples.map((value) => (0.06 * value) / Math.max(rms, 1e-6));
}

function drawNoise(length: number, rng: Rng): Float32Array {
  const beat = rng.uniform(0.3, 4);
  const hum = rng.uniform(50, 400);
  const kinds: ((i: number) => number)[] = [
    () => 0.05 * rng.normal(),
    (i) => 0.05 * rng.normal() * (0.1 + Math.abs(Math.sin((Math.PI * beat * i) / RATE_HZ))),
    (i) =>
      0.05 * Math.sin((2 * Math.PI * hum * i) / RATE_HZ) +
      0.03 * Math.sin((6 * Math.PI * hum * i) / RATE_HZ) +
      0.005 * rng.normal(),
    (i) => (0.002 + 0.3 * Math.exp(-(((i / RATE_HZ) * beat) % 1) * 30)) * rng.normal(),
  ];
  const kind = kinds[rng.int(kinds.length)];
  return Float32Array.from({ length }, (_, i) => kind(i));
}
