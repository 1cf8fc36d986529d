import { writeFileSync } from 'node:fs';
import { messageOf, UserError } from '../../src/errors.js';
import { createRng } from '../../src/random.js';
import { mutate } from './mutate.js';
import type { FuzzedReader } from './readers.js';

/** The outcome of a reader's damaged files. */
export interface Damaged {
  format: string;
  files: number;
  /** Still sound, or not to be told from a sound one. */
  read: number;
  /** Refused by an error of the user. */
  refused: number;
  /** Anything else that was thrown, with the number of the damage, which a seed repeats. */
  faults: string[];
  slowestMs: number;
}

/** Reads `files` damaged copies of a reader's sound file, a pure function of seed and number. The sound file is put back. */
export async function readDamaged(reader: FuzzedReader, files: number, seed: number): Promise<Damaged> {
  const outcome: Damaged = { format: reader.format, files, read: 0, refused: 0, faults: [], slowestMs: 0 };
  for (let number = 0; number < files; number++) {
    writeFileSync(reader.path, mutate(reader.sound, createRng(`${seed}/${reader.format}/${number}`)));
    const start = performance.now();
    try {
      await reader.read(reader.path);
      outcome.read++;
    } catch (error) {
      if (error instanceof UserError) outcome.refused++;
      else outcome.faults.push(`${number}: ${messageOf(error)}`);
    }
    outcome.slowestMs = Math.max(outcome.slowestMs, performance.now() - start);
  }
  writeFileSync(reader.path, reader.sound);
  return outcome;
}
