/** Trees in the layout of MUSAN and RIRS_NOISES, of made-up sound, for trying the official recipes where neither is at hand. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { generateNoise } from '../../src/audio/augment/generated-noise.js';
import { drawRoom, roomResponse } from '../../src/audio/augment/room.js';
import { readManifest } from '../../src/data/manifest.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { createRng, type Rng } from '../../src/random.js';

const RATE_HZ = 16000;
const RECORDINGS = 20;
const SECONDS = 6;
const RT60_SECONDS: [number, number] = [0.2, 0.8];

/** OUT/musan with noise, speech (of the corpus' training speakers) and music, OUT/RIRS_NOISES with simulated rooms and point sources. */
export function makeMusanShaped(corpus: string, out: string): { musan: string; rooms: string } {
  const rng = createRng('musan-shaped');
  const [musan, rooms] = [join(out, 'musan'), join(out, 'RIRS_NOISES')];
  const save = (path: string, samples: Float32Array) => {
    mkdirSync(dirname(path), { recursive: true });
    writeWav16(path, samples, RATE_HZ);
  };
  const spoken = readManifest(corpus).utterances.filter(({ split }) => split === 'train');
  for (let i = 0; i < RECORDINGS; i++) {
    const number = String(i).padStart(4, '0');
    const noise = (name: string) => generateNoise(rng.fork(`${name}/${i}`), SECONDS * RATE_HZ);
    save(join(musan, 'noise', 'free-sound', `noise-free-sound-${number}.wav`), noise('noise'));
    save(join(musan, 'music', 'fma', `music-fma-${number}.wav`), chord(rng.fork(`music/${i}`)));
    save(join(rooms, 'pointsource_noises', `noise-free-sound-${number}.wav`), noise('point'));
    const response = roomResponse(drawRoom(rng.fork(`room/${i}`), RT60_SECONDS), RATE_HZ);
    save(join(rooms, 'simulated_rirs', 'smallroom', 'Room001', `Room001-${number}.wav`), loud(response));
    const { path } = spoken[Math.floor((i * spoken.length) / RECORDINGS)];
    const speech = join(musan, 'speech', 'librivox', `speech-librivox-${number}-${basename(path)}`);
    mkdirSync(dirname(speech), { recursive: true });
    copyFileSync(join(corpus, path), speech);
  }
  return { musan, rooms };
}

/** Four notes with overtones, which swell and fade. */
function chord(rng: Rng): Float32Array {
  const notes = Array.from({ length: 4 }, () => ({ hz: 110 * 2 ** (rng.int(24) / 12), phase: rng.uniform(0, 6) }));
  const value = (t: number) =>
    notes.reduce((sum, { hz, phase }) => {
      const swell = 0.5 + 0.5 * Math.sin(t + phase);
      return sum + swell * [1, 2, 3].reduce((tone, k) => tone + Math.sin(2 * Math.PI * k * hz * t) / k, 0);
    }, 0);
  return loud(Float32Array.from({ length: SECONDS * RATE_HZ }, (_, i) => value(i / RATE_HZ)));
}

/** Half of full scale at its peak. */
function loud(samples: Float32Array): Float32Array {
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return samples.map((value) => (0.5 * value) / peak);
}
