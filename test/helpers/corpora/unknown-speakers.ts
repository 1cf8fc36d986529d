import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest, writeManifest } from '../../../src/data/manifest.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { talk } from './talk.js';
import { writeTinyCorpus } from './tiny-corpus.js';

/** A corpus folder of six voices whose names nobody knows: no test part, no trial lists. */
export function writeUnknownCorpus(dir: string): void {
  writeTinyCorpus(dir, { train: 6, test: 0 });
  rmSync(join(dir, 'trials'), { recursive: true });
  const { utterances } = readManifest(dir);
  writeManifest(
    dir,
    utterances.map((utterance) => ({ ...utterance, speaker: null })),
  );
}

/** A folder of recordings of `voices` people, `each` of 1.6 s that a filter takes for speech. */
export function writeTalkers(dir: string, voices: number, each: number): void {
  mkdirSync(dir, { recursive: true });
  for (let voice = 0; voice < voices; voice++)
    for (let n = 0; n < each; n++)
      writeWav16(join(dir, `${voice}-${n}.wav`), talk(voice, 1.6, 100 * voice + n + 1), 16000);
}
