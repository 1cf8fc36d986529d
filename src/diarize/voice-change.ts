import type { Extractor } from '../embed/extractor.js';
import { rowDot } from '../rows.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { embedSpans } from './embed-spans.js';

const LEAST_SECONDS = 1.5;
const MOST_SECONDS = 3;
const STEP_SECONDS = 0.5;

/** The place in an utterance where the voices before and after are least alike. */
export interface VoiceChange {
  atSeconds: number;
  /** Cosine of the embeddings of up to 3 s before and after. */
  cosine: number;
}

/** The likeliest change of voice by a model's embeddings; null for an utterance of less than twice 1.5 s. @param pcm 16 kHz */
export async function voiceChange(pcm: Int16Array, extractor: Extractor): Promise<VoiceChange | null> {
  const { size } = extractor;
  const end = pcm.length / SAMPLE_RATE_HZ;
  const steps = Math.floor((end - 2 * LEAST_SECONDS) / STEP_SECONDS + 1e-6);
  if (steps < 0) return null;
  const places = Array.from({ length: steps + 1 }, (_, i) => LEAST_SECONDS + i * STEP_SECONDS);
  const spans = places.flatMap((at) => [
    { startSeconds: Math.max(0, at - MOST_SECONDS), endSeconds: at },
    { startSeconds: at, endSeconds: Math.min(end, at + MOST_SECONDS) },
  ]);
  const vectors = await embedSpans(pcm, spans, extractor);
  const changes = places.map((atSeconds, i) => ({
    atSeconds,
    cosine: rowDot(vectors, 2 * i, vectors, 2 * i + 1, size),
  }));
  return changes.reduce((least, change) => (change.cosine < least.cosine ? change : least));
}
