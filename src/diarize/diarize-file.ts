import { loadMono16k, SilentError } from '../audio/decode/decode.js';
import type { Extractor } from '../embed/extractor.js';
import { UserError } from '../errors.js';
import { type DiarizeContext, type DiarizeOptions, diarize } from './diarize.js';
import type { Segment } from './segments.js';

/** The result for a recording: segments, none where nobody speaks; or the reason it cannot be used, naming the file. */
export type DiarizeOutcome = { segments: Segment[] } | { reason: string };

/** Diarizes a file. Digital silence is a recording without speech. @throws as diarize */
export async function diarizeFile(
  path: string,
  extractor: Extractor,
  options: DiarizeOptions,
  context: DiarizeContext = {},
): Promise<DiarizeOutcome> {
  const loaded = await loadToDiarize(path);
  return 'reason' in loaded ? loaded : { segments: await diarize(loaded.samples, extractor, options, context) };
}

/** Samples of a file at 16 kHz, none of one that is silent; or the reason it cannot be used. */
export async function loadToDiarize(path: string): Promise<{ samples: Float32Array } | { reason: string }> {
  try {
    return { samples: await loadMono16k(path) };
  } catch (error) {
    if (error instanceof SilentError) return { samples: new Float32Array(0) };
    if (error instanceof UserError) return { reason: error.message };
    throw error;
  }
}
