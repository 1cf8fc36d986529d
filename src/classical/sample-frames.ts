import type { FeatureDefinition } from '../audio/features/features.js';
import { pickUtterances, type ShardSet } from '../data/shards/shards.js';
import { createExtractor, extractAll } from '../embed/extract.js';
import type { BatchHooks } from '../embed/extractor.js';
import type { Hearing } from '../embed/hearing.js';
import type { Session } from '../engine/session/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import { createRng } from '../random.js';
import { indicesUpTo } from '../rows.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { type CepstralFrames, type CepstraOptions, cepstralFrames, frameSize } from './cepstra.js';

/** How a system hears recordings. */
export interface FrontEnd {
  features: FeatureDefinition;
  hearing: Hearing;
  cepstra: CepstraOptions;
}

/** Frames of one utterance, where there are utterances enough. */
const FRAMES_EACH = 50;
/** Of few utterances, up to this many. */
const MOST_EACH = 400;
/** Of a long recording the beginning is enough. */
const MOST_SAMPLES = 120 * SAMPLE_RATE_HZ;

/**
 * Frames of speech that stand for a corpus, about `wanted` in all, in the memory of these: of utterances drawn by seed, evenly spaced
 * within each. // [frames, dimensions]
 */
export async function sampleFrames(
  session: Session,
  shards: ShardSet,
  { features, hearing, cepstra }: FrontEnd,
  { wanted, seed, ...hooks }: BatchHooks & { wanted: number; seed: string },
): Promise<Float32Array> {
  const utterances = Math.min(shards.ids.length, Math.ceil(wanted / FRAMES_EACH));
  const each = Math.min(MOST_EACH, Math.ceil(wanted / Math.max(utterances, 1)));
  const drawn = createRng(seed).shuffle(indicesUpTo(shards.ids.length)).slice(0, utterances).sort();
  const picked = pickUtterances(shards, drawn);
  picked.samples = picked.samples.map((samples) => Math.min(samples, MOST_SAMPLES));
  const size = each * frameSize(cepstra) + 1;
  const extractor = createExtractor(
    session,
    features,
    size,
    (input, pass) => evenFrames(cepstralFrames(input, pass, cepstra), each),
    { hearing },
  );
  const vectors = await extractAll(picked, extractor, hooks);
  return gatherFrames(vectors, size, frameSize(cepstra));
}

/** `count` frames of speech of each row, evenly spaced, or all where there are fewer, and their number: [batch, count * dimensions + 1]. */
function evenFrames({ frames, speech }: CepstralFrames, count: number): Tensor {
  const [batch, time, dimensions] = frames.shape as [number, number, number];
  const isSpeech = tf.reshape(speech, [batch, time]);
  // Of the frames of speech the first is number 1; other frames are 0.
  const numbers = tf.mul(tf.cumsum(isSpeech, 1), isSpeech);
  const total = tf.sum(isSpeech, 1, true);
  const steps = tf.mul(tf.add(tf.range(0, count, 1, 'float32'), 0.5), tf.maximum(tf.div(total, count), 1));
  const picks = tf.equal(tf.expandDims(tf.add(tf.floor(steps), 1), 2), tf.expandDims(numbers, 1));
  const chosen = tf.matMul(tf.cast(picks, 'float32') as Tensor, frames);
  return tf.concat([tf.reshape(chosen, [batch, count * dimensions]), tf.minimum(total, count)], 1);
}

/** The frames that are there, one behind the other. */
function gatherFrames(vectors: Float32Array, size: number, dimensions: number): Float32Array {
  let total = 0;
  for (let at = size - 1; at < vectors.length; at += size) total += vectors[at] * dimensions;
  const frames = new Float32Array(total);
  let to = 0;
  for (let at = 0; at < vectors.length; at += size) {
    const values = vectors[at + size - 1] * dimensions;
    frames.set(vectors.subarray(at, at + values), to);
    to += values;
  }
  return frames;
}
