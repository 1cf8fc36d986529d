import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Utterance, writeManifest } from '../../../src/data/manifest.js';
import { writeTrials } from '../../../src/data/trials.js';
import { writeFileAtomic } from '../../../src/io/atomic.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { createRng, type Rng } from '../../../src/random.js';

const RATE_HZ = 16000;

/** A voice that a tiny network can learn: harmonics of a pitch under two resonances, in noise. */
function speak(pitchHz: number, tilt: number, seconds: number, rng: Rng): Float32Array {
  const phase = rng.uniform(0, 2 * Math.PI);
  const pitch = pitchHz * rng.uniform(0.97, 1.03);
  return Float32Array.from({ length: seconds * RATE_HZ }, (_, i) => {
    let value = 0;
    for (let k = 1; k <= 12; k++) value += Math.sin((2 * Math.PI * k * pitch * i) / RATE_HZ + k * phase) * k ** -tilt;
    return 0.1 * value + 0.01 * rng.normal();
  });
}

interface TinyCorpus {
  train: number;
  test: number;
  each: number;
  seconds: number;
  sound: Sound;
}

/** A voice's recording, which the generator makes another one. // [samples] */
type Sound = (voice: number, seconds: number, rng: Rng) => Float32Array;

const spoken: Sound = (voice, seconds, rng) => speak(90 + 23 * voice, 0.4 + 0.13 * voice, seconds, rng);

/**
 * Writes a corpus folder as `voxloop corpus` does: `train` + `test` voices of `each` utterances, with both trial lists.
 */
export function writeTinyCorpus(
  dir: string,
  { train = 6, test = 4, each = 6, seconds = 1.2, sound = spoken }: Partial<TinyCorpus> = {},
): void {
  const rng = createRng('tiny corpus');
  const utterances: Utterance[] = [];
  for (let voice = 0; voice < train + test; voice++) {
    const speaker = `voice${voice}`;
    for (let n = 0; n < each; n++) {
      const id = `${speaker}-${n}`;
      const path = `wav/${speaker}/${id}.wav`;
      const split = voice < train ? 'train' : 'test';
      const samples = sound(voice, seconds, rng.fork(id));
      save(join(dir, path), samples);
      if (split === 'test')
        save(
          join(dir, path.replace('wav/', 'channel/')),
          samples.map((value) => 0.5 * value),
        );
      utterances.push({ id, path, speaker, split, seconds, language: null });
    }
  }
  writeManifest(dir, utterances);
  const tested = utterances.filter(({ split }) => split === 'test');
  const pairs = tested.flatMap((a, i) => tested.slice(i + 1).map((b) => ({ a, b, target: a.speaker === b.speaker })));
  for (const [list, folder] of [
    ['clean', 'wav/'],
    ['channel', 'channel/'],
  ]) {
    const named = (path: string) => path.replace('wav/', folder);
    const trials = pairs.map(({ a, b, target }) => ({ enrolment: named(a.path), test: named(b.path), target }));
    writeTrials(join(dir, 'trials', `${list}.txt`), trials);
  }
  writeFileAtomic(join(dir, 'corpus.json'), JSON.stringify({ name: 'tiny', skipped: {} }));
}

function save(path: string, samples: Float32Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeWav16(path, samples, RATE_HZ);
}
