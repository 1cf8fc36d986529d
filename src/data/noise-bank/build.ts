import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BLOCK_SAMPLES, type NoiseKind, noiseKinds } from '../../audio/augment/bank.js';
import { messageOf, UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { streamFileAtomic } from '../../io/atomic-stream.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { ShardSet } from '../shards/shards.js';
import { readUtterance } from '../shards/shards.js';
import { inOrder, openWorkerPool, type WorkerPool } from '../worker-pool.js';
import { type BankIndex, bankFiles } from './noise-bank.js';
import type { BankTask } from './task.js';

/** Options of `buildNoiseBank`. */
export interface BankBuild {
  dir: string;
  /** Recordings to read or make, by kind. */
  noises: Record<NoiseKind, readonly BankTask[]>;
  /** Utterances that stand in as recordings of speech. */
  voices?: { shards: ShardSet; utterances: readonly number[] };
  rooms: readonly BankTask[];
  /** Samples of each room response. */
  taps: number;
  /** Default: one for each core. */
  workers?: number;
  log?: (message: string) => void;
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** A built bank in numbers. */
export interface BankSummary {
  noise: number;
  speech: number;
  music: number;
  rooms: number;
  /** Of all recordings. */
  seconds: number;
  /** Files that could not be used. */
  skipped: number;
}

type Pool = WorkerPool<BankTask, Int16Array | Float32Array>;

/**
 * Writes a bank: recordings as int16 in whole blocks one behind the other, room responses as float32 rows, and an index that is
 * written last. Unusable files are left out and logged. The bytes depend on the tasks only, not on the threads.
 * @throws UserError when no room or no recording is left
 */
export async function buildNoiseBank(build: BankBuild): Promise<BankSummary> {
  const { dir, noises, rooms, taps, voices, workers = availableParallelism(), signal } = build;
  const total = noiseKinds.reduce((sum, kind) => sum + noises[kind].length, rooms.length);
  const pool: Pool = openWorkerPool(new URL('./worker.js', import.meta.url), Math.min(workers, total));
  const kept: BankIndex = {
    format: 1,
    sampleRateHz: SAMPLE_RATE_HZ,
    noises: { noise: [], speech: [], music: [] },
    rooms: { count: 0, taps },
  };
  let [done, skipped] = [0, 0];
  const perform = async (tasks: readonly BankTask[], keep: (result: Int16Array | Float32Array) => void) => {
    for await (const { task, outcome } of inOrder(pool, tasks, signal)) {
      build.progress?.(++done, total);
      if (outcome.status === 'fulfilled') keep(outcome.value);
      else {
        skipped++;
        build.log?.(`left out ${'path' in task ? task.path : task.make}: ${messageOf(outcome.reason)}`);
      }
    }
  };
  try {
    await streamFileAtomic(join(dir, bankFiles.noises), async (append) => {
      for (const kind of noiseKinds) {
        const keep = (pcm: Int16Array) => {
          const whole = inBlocks(pcm);
          append(bytesOf(whole));
          kept.noises[kind].push(whole.length / BLOCK_SAMPLES);
        };
        await perform(noises[kind], (pcm) => keep(pcm as Int16Array));
        if (kind === 'speech' && voices) for (const i of voices.utterances) keep(readUtterance(voices.shards, i));
      }
    });
    await streamFileAtomic(join(dir, bankFiles.rooms), (append) =>
      perform(rooms, (response) => {
        append(bytesOf(response));
        kept.rooms.count++;
      }),
    );
  } finally {
    await pool.close();
  }
  const { noise, speech, music } = kept.noises;
  const blocks = [...noise, ...speech, ...music];
  if (blocks.length === 0 || kept.rooms.count === 0)
    throw new UserError(
      `Of ${total} recordings and rooms, no ${blocks.length === 0 ? 'recording' : 'room'} could be used.`,
    );
  writeFileAtomic(join(dir, bankFiles.index), `${JSON.stringify(kept)}\n`);
  return {
    noise: noise.length,
    speech: speech.length,
    music: music.length,
    rooms: kept.rooms.count,
    skipped,
    seconds: (blocks.reduce((sum, count) => sum + count, 0) * BLOCK_SAMPLES) / SAMPLE_RATE_HZ,
  };
}

/** Whole blocks of a recording: the remainder is dropped, and a recording shorter than a block is repeated. */
export function inBlocks(pcm: Int16Array): Int16Array {
  const blocks = Math.floor(pcm.length / BLOCK_SAMPLES);
  if (blocks > 0) return pcm.subarray(0, blocks * BLOCK_SAMPLES);
  return Int16Array.from({ length: BLOCK_SAMPLES }, (_, i) => pcm[i % pcm.length]);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
