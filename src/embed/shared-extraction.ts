import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { PlannedBatch } from '../data/utterance-batches.js';
import type { WorkerGroup } from '../engine/workers/group.js';
import { UserError } from '../errors.js';
import { readNpy, writeNpy } from '../io/npy.js';
import type { Extraction } from './extract.js';
import { placeRows } from './extractor.js';

/** A part is what a kill may cost: half an hour of audio, or less where there are fewer than so many parts. */
const MOST_BATCHES = 32;
const LEAST_PARTS = 64;

const POLL_MS = 100;

/** An extraction whose parts several processes write into one folder: NAME-00000.npy and so on. */
export interface SharedExtraction {
  name: string;
  extraction: Extraction;
  /** All workers see it. It must exist: once it is gone nobody needs the parts. */
  folder: string;
  /** Default: one process does everything. */
  workers?: Pick<WorkerGroup, 'rank' | 'count' | 'working'>;
  signal: AbortSignal;
  /** Told how many stretches are done, by all workers. */
  progress?(done: number, total: number): void;
}

interface Part {
  path: string;
  file: string;
  batches: PlannedBatch[];
  stretches: number;
}

/**
 * Embeds this worker's parts, except those that are there. Parts are whole batches of the plan that one process would have, and do not
 * depend on the number of workers: so each vector has the same bits for any number of them.
 */
export async function embedShare(shared: SharedExtraction): Promise<void> {
  const { folder, workers, signal, extraction, progress } = shared;
  const { rank, count } = workers ?? { rank: 0, count: 1 };
  const parts = partsOf(shared);
  workers?.working(true);
  try {
    for (const [number, part] of parts.entries()) {
      if (number % count !== rank || existsSync(part.path)) continue;
      const before = doneOf(shared, parts);
      const vectors = await vectorsOf(part, shared, (done) => progress?.(before + done, extraction.stretches));
      signal.throwIfAborted();
      if (!existsSync(folder)) return;
      writeNpy(part.path, [part.stretches, extraction.size], vectors);
    }
  } finally {
    workers?.working(false);
  }
}

/** The vectors of all utterances [utterances, size]: embeds this worker's share, and waits for those of the others. */
export async function embedTogether(shared: SharedExtraction): Promise<Float32Array> {
  const { signal, extraction, progress } = shared;
  const { stretches, size } = extraction;
  await embedShare(shared);
  const parts = partsOf(shared);
  for (;;) {
    const done = doneOf(shared, parts);
    progress?.(done, stretches);
    if (done === stretches) break;
    await setTimeout(POLL_MS, undefined, { signal });
  }
  const all = new Float32Array(stretches * size);
  for (const part of parts) placePart(part, all, size);
  return extraction.utterancesOf(all);
}

function partsOf({ name, folder, extraction }: SharedExtraction): Part[] {
  const { batches } = extraction;
  const size = Math.max(1, Math.min(MOST_BATCHES, Math.ceil(batches.length / LEAST_PARTS)));
  return Array.from({ length: Math.ceil(batches.length / size) }, (_, number) => {
    const file = `${name}-${String(number).padStart(5, '0')}.npy`;
    const own = batches.slice(number * size, (number + 1) * size);
    const stretches = own.reduce((sum, { indices }) => sum + indices.length, 0);
    return { path: join(folder, file), file, batches: own, stretches };
  });
}

/** Stretches whose part is there. */
function doneOf({ folder }: SharedExtraction, parts: readonly Part[]): number {
  const there = existsSync(folder) ? new Set(readdirSync(folder)) : new Set();
  return parts.reduce((sum, { file, stretches }) => sum + (there.has(file) ? stretches : 0), 0);
}

async function vectorsOf(
  { batches, stretches }: Part,
  { extraction, signal }: SharedExtraction,
  progress: (done: number) => void,
): Promise<Float32Array> {
  const { size } = extraction;
  const all = new Float32Array(stretches * size);
  let [number, row] = [0, 0];
  for await (const vectors of extraction.vectorsOf(batches)) {
    all.set(vectors, row * size);
    row += batches[number++].indices.length;
    progress(row);
    signal.throwIfAborted();
  }
  return all;
}

function placePart({ path, batches, stretches }: Part, all: Float32Array, size: number): void {
  const { shape, data } = readNpy(path);
  if (shape[0] !== stretches || shape[1] !== size || !(data instanceof Float32Array)) {
    throw new UserError(
      `${path} holds an array of shape [${shape}] instead of [${stretches},${size}]. Delete it and run the command again.`,
    );
  }
  let row = 0;
  for (const { indices } of batches) {
    placeRows(data.subarray(row * size, (row + indices.length) * size), indices, all, size);
    row += indices.length;
  }
}
