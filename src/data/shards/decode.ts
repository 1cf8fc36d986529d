import type { AudioPart } from '../audio-part.js';
import { openWorkerPool, type WorkerPool } from '../worker-pool.js';
import { toPcm16 } from './pcm16.js';

/** Decodes a file to 16 kHz mono samples in [-1, 1]. */
export type Decode = (path: string) => Promise<Float32Array>;

/** A file to decode, or a part of it. */
export interface DecodeTask {
  path: string;
  part?: AudioPart;
}

/** Turns files into int16 samples, `size` at a time: with `decode` in this thread, else with `loadMono16k` in worker threads. */
export function openDecoders<Task extends DecodeTask>(size: number, decode?: Decode): WorkerPool<Task, Int16Array> {
  if (!decode) return openWorkerPool(new URL('./decode-worker.js', import.meta.url), size);
  return { size, run: async ({ path }) => toPcm16(await decode(path)), async close() {} };
}
