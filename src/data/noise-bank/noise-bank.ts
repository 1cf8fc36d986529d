import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { BLOCK_SAMPLES, type NoiseBank, noiseKinds, type Recordings } from '../../audio/augment/bank.js';
import { codeOf, UserError } from '../../errors.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

/** Blocks of the recordings in `noises.pcm`, one behind the other. */
const lengths = z.array(z.number().int().positive());

/** The contents of bank.json. */
export const bankIndex = z.object({
  format: z.literal(1),
  sampleRateHz: z.literal(SAMPLE_RATE_HZ),
  /** Blocks of each recording, by kind, in the order of the file. */
  noises: z.object({ noise: lengths, speech: lengths, music: lengths }),
  rooms: z.object({ count: z.number().int().nonnegative(), taps: z.number().int().positive() }),
});

export type BankIndex = z.output<typeof bankIndex>;

/** Files of a bank. */
export const bankFiles = { index: 'bank.json', noises: 'noises.pcm', rooms: 'rooms.f32' } as const;

/**
 * Opens a bank of noises and room responses (see `buildNoiseBank`) and checks the sizes of its files; the audio is not read.
 * @throws UserError that names the file which is missing, cut short or foreign
 */
export function openNoiseBank(dir: string): NoiseBank {
  const index = readIndex(join(dir, bankFiles.index));
  const kinds: NoiseBank['noises']['kinds'] = {};
  let blocks = 0;
  for (const kind of noiseKinds) {
    const recordings = place(index.noises[kind], blocks);
    if (recordings.first.length > 0) kinds[kind] = recordings;
    blocks += recordings.blocks.reduce((sum, count) => sum + count, 0);
  }
  const { count, taps } = index.rooms;
  return {
    noises: { path: checkedFile(dir, bankFiles.noises, 2 * BLOCK_SAMPLES * blocks), blocks, kinds },
    rooms: { path: checkedFile(dir, bankFiles.rooms, 4 * count * taps), count, taps },
  };
}

function place(blocks: readonly number[], from: number): Recordings {
  let next = from;
  const first = blocks.map((count) => {
    next += count;
    return next - count;
  });
  return { first: Int32Array.from(first), blocks: Int32Array.from(blocks) };
}

function readIndex(path: string): BankIndex {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new UserError(`${resolve(path)} is missing: the folder is not a noise bank, or its stage did not finish.`);
  }
  try {
    return bankIndex.parse(JSON.parse(text));
  } catch {
    throw new UserError(`${resolve(path)} is damaged or was written by another version. Make the noise bank again.`);
  }
}

function checkedFile(dir: string, name: string, bytes: number): string {
  const path = resolve(dir, name);
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === bytes) return path;
  const fault = size === undefined ? 'is missing' : `has ${size} bytes instead of ${bytes}`;
  throw new UserError(`${path} ${fault}. Make the noise bank again.`);
}
