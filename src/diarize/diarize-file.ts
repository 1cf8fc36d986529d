import { loadMono16k, SilentError } from '../audio/decode/decode.js';
import type { Extractor } from '../embed/extractor.js';
import { UserError } from '../errors.js';
import { type DiarizeOptions, diarize } from './diarize.js';
import type { Segment } from './segments.js';

/** The result for a recording: segments, none where nobody speaks; or the reason it cannot be used, naming the file. */
export type DiarizeOutcome = { segments: Segment[] } | { reason: string };

/** Diarizes a file. Digital silence is a recording without speech. @throws as diarize */
export async function diarizeFile(
  path: string,
  extractor: Extractor,
  options: DiarizeOptions,
): Promise<DiarizeOutcome> {
  const samples = await loadMono16k(path).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  if (samples instanceof SilentError) return { segments: [] };
  if (samples instanceof UserError) return { reason: samples.message };
  return { segments: await diarize(samples, extractor, options) };
}
