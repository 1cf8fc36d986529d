import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { loadMono16k } from '../../src/audio/decode/decode.js';
import type { Manifest, Utterance } from '../../src/data/manifest.js';
import { SAMPLE_RATE_HZ } from '../../src/sample-rate.js';

/** The recordings of a folder SPEAKER/.../FILE as a manifest, all on the test side. */
export async function manifestOfRecordings(dir: string): Promise<Manifest> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes(sep) && /\.(opus|wav|flac|ogg|mp3)$/.test(file))
    .sort();
  const utterances: Utterance[] = [];
  for (const path of files) {
    const seconds = (await loadMono16k(join(dir, path))).length / SAMPLE_RATE_HZ;
    utterances.push({ id: path, path, speaker: path.split(sep)[0], split: 'test', seconds, language: null });
  }
  return { dir, utterances };
}
