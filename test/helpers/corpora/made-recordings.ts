import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { createRng } from '../../../src/random.js';
import { openTraining, openTrialLists } from '../../../src/stages/artifacts/corpus-data.js';

/** Noise that its name decides. */
export function namedNoise(name: string, seconds: number, rateHz = 16000): Float32Array {
  const rng = createRng(name);
  return Float32Array.from({ length: seconds * rateHz }, () => 0.1 * rng.normal());
}

/** Writes a recording of noise that its path decides; makes missing folders. */
export function writeNoise(path: string, seconds = 0.3, rateHz = 16000): void {
  mkdirSync(dirname(path), { recursive: true });
  writeWav16(path, namedNoise(path, seconds, rateHz), rateHz);
}

/** Opens a corpus folder as stages do. */
export function openCorpusFolder(path: string) {
  const artifact = { dir: '/nowhere', result: { path } };
  return { ...openTraining(artifact), lists: openTrialLists(artifact) };
}
