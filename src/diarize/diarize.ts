import { z } from 'zod';
import { vadOptions } from '../audio/speech/vad.js';
import { toPcm16 } from '../data/shards/pcm16.js';
import type { Extractor } from '../embed/extractor.js';
import { UserError } from '../errors.js';
import { clusterSpeakers } from './cluster-speakers.js';
import { centredRows } from './cosines.js';
import { embedSpans } from './embed-spans.js';
import { isOneVoice } from './one-voice.js';
import { type OverlapDetector, overlapSpans } from './overlap/detector.js';
import { addSecondVoices } from './overlap/second-voices.js';
import { resegment } from './resegment.js';
import { runsOf, type Segment, type Span } from './segments.js';
import { smoothWindows } from './smooth-windows.js';
import type { SpeakerBounds } from './spectral.js';
import { speechSpans } from './speech-spans.js';
import { windowsOf } from './speech-windows.js';

export const diarizeOptions = z.strictObject({
  speakers: z.number().int().positive().optional().describe('the number of speakers, where it is known'),
  leastSpeakers: z.number().int().positive().default(1),
  mostSpeakers: z.number().int().positive().default(10),
  algorithm: z.enum(['spectral', 'agglomerative']).default('spectral'),
  windowSeconds: z.number().min(0.1).default(1.5),
  hopSeconds: z.number().positive().default(0.25),
  smoothSeconds: z
    .number()
    .min(0)
    .default(0.75)
    .describe('windows of the same stretch of speech that are no further apart are averaged'),
  neighbours: z
    .number()
    .min(0)
    .max(1)
    .default(0.15)
    .describe('spectral: share of the windows that each keeps as neighbours'),
  threshold: z
    .number()
    .default(0.9)
    .describe('agglomerative: cosine distance up to which groups of windows are one speaker'),
  sameSpeaker: z
    .number()
    .default(0.63)
    .describe('no two speakers have a larger cosine, where their number is not known'),
  switchCost: z
    .number()
    .min(0)
    .default(4)
    .describe('cosine, summed over frames of 0.1 s, that a change of speaker must gain'),
  passes: z.number().int().positive().default(3).describe('times that the borders between speakers are refined'),
  joinSeconds: z.number().min(0).default(0.3).describe('pauses up to this length are speech'),
  leastOverlap: z
    .number()
    .min(0)
    .max(1)
    .default(0.65)
    .describe('probability from which two people are taken to speak at once, where a detector listens'),
  padSeconds: z.number().min(0).default(0.05).describe('seconds added to each end of a stretch of speech'),
  seed: z.number().int().default(1),
  vad: vadOptions.prefault({}),
});

export type DiarizeOptions = z.output<typeof diarizeOptions>;

const FRAME_SECONDS = 0.1;

/** What else a diarization may be given. */
export interface DiarizeContext {
  /** Hears where two people speak at once; both are then given. Default: one speaker at a time. */
  overlap?: OverlapDetector;
  signal?: AbortSignal;
}

/**
 * Finds who speaks when in a recording: voice activity, embeddings of windows, clustering, borders by the best path, and a second
 * speaker where a detector hears two. The same recording, models and options give the same result.
 * @param samples 16 kHz mono in [-1, 1], finite
 * @returns segments in the order of time, speakers named speaker1, speaker2, ... in the order of their first turns as the only one to
 * speak; none for silence
 * @throws UserError when the least number of speakers exceeds the most
 */
export async function diarize(
  samples: Float32Array,
  extractor: Extractor,
  options: DiarizeOptions,
  { overlap, signal }: DiarizeContext = {},
): Promise<Segment[]> {
  const bounds = boundsOf(options);
  const speech = speechSpans(samples, {
    ...options.vad,
    joinSeconds: options.joinSeconds,
    padSeconds: options.padSeconds,
  });
  if (speech.length === 0) return [];
  const windows = windowsOf(speech, options.windowSeconds, options.hopSeconds);
  const embeddings = await embedSpans(toPcm16(samples), windows, extractor, signal);
  const vectors = smoothWindows(speech, windows, embeddings, options.smoothSeconds);
  const alone = bounds.least === 1 && isOneVoice(speech, windows, embeddings);
  const labels = alone
    ? new Int32Array(windows.length)
    : clusterSpeakers(vectors, extractor.size, { ...options, bounds });
  const best = resegment(speech, windows, centredRows(vectors, extractor.size), labels, {
    ...options,
    frameSeconds: FRAME_SECONDS,
  });
  const segments = segmentsOf(speech, best);
  return overlap ? addSecondVoices(segments, overlapSpans(samples, overlap, options.leastOverlap)) : segments;
}

/** Runs of frames of one speaker within each stretch of speech, which begin and end where it does. */
function segmentsOf(speech: readonly Span[], best: Int32Array): Segment[] {
  return speech.flatMap(({ startSeconds, endSeconds }) => {
    const first = Math.round(startSeconds / FRAME_SECONDS);
    const runs = runsOf(best.subarray(first, Math.round(endSeconds / FRAME_SECONDS)), FRAME_SECONDS);
    return runs.map((run, i) => ({
      startSeconds: i === 0 ? startSeconds : first * FRAME_SECONDS + run.startSeconds,
      endSeconds: i === runs.length - 1 ? endSeconds : first * FRAME_SECONDS + run.endSeconds,
      speaker: `speaker${run.label + 1}`,
    }));
  });
}

/** The bounds on the number of speakers. @throws UserError when the least exceeds the most */
export function boundsOf({ speakers, leastSpeakers, mostSpeakers }: DiarizeOptions): SpeakerBounds {
  if (speakers !== undefined) return { least: speakers, most: speakers };
  if (leastSpeakers <= mostSpeakers) return { least: leastSpeakers, most: mostSpeakers };
  throw new UserError(
    `At least ${leastSpeakers} speakers and at most ${mostSpeakers} contradict each other. Swap them, or give one of them.`,
  );
}
