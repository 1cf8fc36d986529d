import { availableParallelism } from 'node:os';
import { loadMono16k } from '../audio/decode/decode.js';
import { trimSilence } from '../data/corpus/trim.js';
import { openDecoders } from '../data/shards/decode.js';
import { inOrder, WorkerCrashError } from '../data/worker-pool.js';
import { messageOf, UserError } from '../errors.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { embedPieces } from './embed-pieces.js';
import type { Extractor } from './extractor.js';
import { piecesOfLength, type Windows } from './recording-pieces.js';
import { type SpeechShortage, speechShortage } from './speech-shortage.js';

/** Recordings, or samples of audio (38 MB), that are decoded before the network runs over them, grouped by length. */
const CHUNK_RECORDINGS = 128;
const CHUNK_SAMPLES = 20 * 60 * SAMPLE_RATE_HZ;
/** Shorter than one frame of features (25 ms). */
const MIN_SAMPLES = 400;
/** Recordings from which decoding in several threads is faster. */
const MANY_RECORDINGS = 16;
const MOST_DECODERS = 4;

/** A recording to embed, and what to call it. */
export interface Recording {
  name: string;
  path: string;
}

/** The embedding of a recording or of a window of it, not normalised. */
export interface EmbeddedPart {
  startSeconds: number;
  seconds: number;
  vector: Float32Array;
}

/** The result for a recording: one part, or its windows in order; or the reason why there is none. */
export type EmbedOutcome = { recording: Recording } & (
  | { parts: EmbeddedPart[]; seconds: number; soundSeconds: number | null; shortage: SpeechShortage | null }
  | { reason: string }
);

export interface EmbedOptions {
  /** Embed windows; without them the whole recording. */
  windows?: Windows;
  /** Measure the seconds of each recording that are not silent. */
  measureSound?: boolean;
  /** Look for so much speech in each recording. Default: 0, which asks nothing. */
  leastSpeechSeconds?: number;
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

interface Loaded {
  recording: Recording;
  pcm?: Int16Array;
  reason?: string;
}

/**
 * Embeds any number of recordings, in their order, in bounded memory: twenty minutes of audio at a time, or one
 * longer recording. A recording that cannot be used is an outcome with a reason, which names the file, not an error.
 */
export async function* embedRecordings(
  recordings: readonly Recording[],
  extractor: Extractor,
  options: EmbedOptions = {},
): AsyncGenerator<EmbedOutcome> {
  let chunk: Loaded[] = [];
  let samples = 0;
  let done = 0;
  const embed = async () => {
    const progress = (share: number) => options.progress?.(done + Math.floor(share * chunk.length), recordings.length);
    const outcomes = await embedChunk(chunk, extractor, { ...options, progress });
    done += chunk.length;
    [chunk, samples] = [[], 0];
    return outcomes;
  };
  for await (const loaded of load(recordings, options.signal)) {
    chunk.push(loaded);
    samples += loaded.pcm?.length ?? 0;
    if (chunk.length === CHUNK_RECORDINGS || samples >= CHUNK_SAMPLES) yield* await embed();
  }
  if (chunk.length > 0) yield* await embed();
}

async function* load(recordings: readonly Recording[], signal?: AbortSignal): AsyncGenerator<Loaded> {
  const few = recordings.length < MANY_RECORDINGS;
  const pool = few ? openDecoders(1, loadMono16k) : openDecoders(Math.min(MOST_DECODERS, availableParallelism()));
  try {
    let next = 0;
    const tasks = (function* () {
      for (const { path } of recordings) yield { path };
    })();
    for await (const { outcome } of inOrder(pool, tasks, signal)) {
      const recording = recordings[next++];
      yield outcome.status === 'fulfilled'
        ? checkLength(recording, outcome.value)
        : { recording, reason: reasonOf(recording, outcome.reason) };
    }
  } finally {
    await pool.close();
  }
}

function checkLength(recording: Recording, pcm: Int16Array): Loaded {
  if (pcm.length >= MIN_SAMPLES) return { recording, pcm };
  const milliseconds = ((pcm.length / SAMPLE_RATE_HZ) * 1000).toFixed(0);
  return { recording, reason: `${recording.path} lasts ${milliseconds} ms; an embedding needs at least 25 ms.` };
}

function reasonOf({ path }: Recording, error: unknown): string {
  if (!(error instanceof UserError || error instanceof WorkerCrashError)) throw error;
  const message = messageOf(error);
  return message.includes(path) ? message : `${path}: ${message}`;
}

async function embedChunk(
  chunk: readonly Loaded[],
  extractor: Extractor,
  { windows, measureSound, leastSpeechSeconds = 0, progress }: EmbedOptions & { progress(share: number): void },
): Promise<EmbedOutcome[]> {
  const pieces = chunk.flatMap(({ pcm }, place) =>
    pcm ? piecesOfLength(pcm.length, windows).map((piece) => ({ ...piece, pcm, place })) : [],
  );
  // Windows all have one length, so that none needs padding.
  const maxSamples = windows && Math.round(windows.windowSeconds * SAMPLE_RATE_HZ);
  const vectors = await embedPieces(
    pieces.map(({ pcm, start, samples }) => pcm.subarray(start, start + samples)),
    extractor,
    { bucket: { maxSamples }, progress: (done, total) => progress(done / total) },
  );
  if (pieces.length === 0) progress(1);
  const parts = chunk.map((): EmbeddedPart[] => []);
  pieces.forEach(({ start, samples, place }, i) => {
    parts[place].push({
      startSeconds: start / SAMPLE_RATE_HZ,
      seconds: samples / SAMPLE_RATE_HZ,
      vector: vectors.subarray(i * extractor.size, (i + 1) * extractor.size),
    });
  });
  return chunk.map(({ recording, pcm, reason }, place): EmbedOutcome => {
    if (!pcm) return { recording, reason: reason! };
    if (!parts[place].every(({ vector }) => vector.every(Number.isFinite))) {
      const why = 'the embedding that the model gives is not finite (NaN or infinite). Check the model';
      return { recording, reason: `${recording.path}: ${why}: its training may have diverged.` };
    }
    const soundSeconds = measureSound ? soundOf(pcm) : null;
    const shortage = speechShortage(pcm, leastSpeechSeconds);
    return { recording, parts: parts[place], seconds: pcm.length / SAMPLE_RATE_HZ, soundSeconds, shortage };
  });
}

const soundOf = (pcm: Int16Array) =>
  trimSilence(Float32Array.from(pcm, (sample) => sample / 32768)).length / SAMPLE_RATE_HZ;
