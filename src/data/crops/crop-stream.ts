import type { CropSources } from './crop-sources.js';
import { type Batch, createLoader, type Loader, type LoaderOptions } from './loader.js';

/** Batches of crops by step, whichever step and sources come next. */
export interface CropStream {
  /** The batch of a step; release() it when it has been fed. Steps in a row, from the same sources, come ready made. */
  batchAt(step: number, sources?: CropSources): Promise<Batch>;
  /** Time spent waiting for batches, and batches handed out. */
  stats(): { waitMs: number; batches: number };
  close(): Promise<void>;
}

/** A loader that is opened with the first batch, and anew where the step jumps or the sources are others. */
export function createCropStream(options: Omit<LoaderOptions, 'startStep' | 'sources'>): CropStream {
  let open: { loader: Loader; step: number; sources?: CropSources } | undefined;
  const before = { waitMs: 0, batches: 0 };
  const stats = () => {
    const { waitMs, batches } = open?.loader.stats() ?? { waitMs: 0, batches: 0 };
    return { waitMs: before.waitMs + waitMs, batches: before.batches + batches };
  };
  const close = async () => {
    Object.assign(before, stats());
    const { loader } = open ?? {};
    open = undefined;
    await loader?.close();
  };
  return {
    async batchAt(step, sources) {
      if (open && (open.step !== step || open.sources !== sources)) await close();
      open ??= { loader: createLoader({ ...options, startStep: step, sources }), step, sources };
      open.step++;
      return open.loader.next();
    },
    stats,
    close,
  };
}
