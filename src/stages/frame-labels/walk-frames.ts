import { frameCount, meanNormalise } from '../../audio/features/fbank.js';
import { frameLength, frameShift } from '../../audio/features/fbank-options.js';
import { type FeatureDefinition, features } from '../../audio/features/features.js';
import { openFeatureReader, openReader, type ShardLayout } from '../../data/shards/reader.js';
import { storedBatches } from '../../data/stored-batches.js';
import { planBatches, type Stretch, stretchBatches, stretchesOf } from '../../data/utterance-batches.js';
import { MAX_BATCH_SAMPLES } from '../../embed/extractor.js';
import { type Hearing, noiseOf } from '../../embed/hearing.js';
import type { Inputs } from '../../engine/session/compile.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { float32, type HostTensor, int32 } from '../../host-tensor.js';
import { maskTime, type Pass } from '../../nn/pass.js';
import { framePeriodMs } from '../../train/frame-period.js';
import { middlesOf } from '../../train/objectives/label-frames.js';

/** What turns recordings into vectors of frames. */
export interface FrameSource {
  features: FeatureDefinition;
  /** What the network hears when it embeds. Here recordings keep level and silence, as crops do in training; `unchanged` leaves the noise out. */
  hearing?: Hearing;
  /** Features [rows, frames, bins] to the vectors of frames [rows, time, size]. */
  frames(features: Tensor, pass: Pass): Tensor;
}

/** The times of a source's frames: the first stretch from `offsetMs` on, of `periodMs`, then the next. */
export interface FrameTimes {
  periodMs: number;
  offsetMs: number;
}

/** Frames of a probe: long enough for every stride, and for what unpadded convolutions lose. */
const PROBE_FRAMES = 960;

/** How many feature frames there are to one of the source, where the first lies among them, and how many are lost in all. */
interface Geometry {
  stride: number;
  first: number;
  lost: number;
}

/** Runs the source once, on silence, to see how its frames lie. */
async function probe(session: Session, { features: definition, frames }: FrameSource): Promise<Geometry> {
  const run = session.compile('probe-frames', ({ x }: Record<string, Tensor>) => ({
    y: frames(x, { training: false }),
  }));
  const { y } = await run({
    x: float32(new Float32Array(PROBE_FRAMES * definition.bins), [1, PROBE_FRAMES, definition.bins]),
  });
  const given = y.shape[1];
  const stride = framePeriodMs(given, PROBE_FRAMES, 1);
  return { stride, first: middlesOf(given, PROBE_FRAMES)[0], lost: Math.ceil(PROBE_FRAMES / stride) - given };
}

function timesOf({ stride, first }: Geometry, definition: FeatureDefinition): FrameTimes {
  const ms = 1000 / definition.sampleRateHz;
  const middle = definition.frontEnd ? 0 : frameLength(definition) / 2;
  const shiftMs = frameShift(definition) * ms;
  return { periodMs: stride * shiftMs, offsetMs: first * shiftMs + middle * ms - (stride * shiftMs) / 2 };
}

/** What `of` made of the frames of one stretch of an utterance. */
export interface StretchFrames {
  stretch: Stretch;
  /** [frames, size of `of`] */
  values: HostTensor['data'];
  frames: number;
}

/**
 * Goes through all frames of all utterances, in stretches of at most two minutes, in the order of batches of similar length. `of` makes of the
 * vectors [rows, time, size], in the graph, what `visit` gets: [rows, time, values]. `inputs` are fed with every batch.
 */
export async function walkFrames(
  session: Session,
  shards: ShardLayout,
  source: FrameSource,
  pass: {
    of(vectors: Tensor, inputs: Record<string, Tensor>): Tensor;
    inputs?: Record<string, HostTensor>;
    visit(frames: StretchFrames): void;
    progress?(done: number, total: number): void;
    signal?: AbortSignal;
  },
): Promise<FrameTimes> {
  const { features: definition, hearing = 'levelled' } = source;
  const geometry = await probe(session, source);
  const run = session.compile('walk-frames', ({ wave, noise, stored, lengths, ...inputs }: Record<string, Tensor>) => {
    const plain = stored
      ? definition.cmn
        ? meanNormalise(stored, lengths)
        : stored
      : features(tf.add(wave, noise), definition, { name: 'frames', dither: false, lengths });
    const heard = { training: false, lengths };
    return { values: pass.of(source.frames(maskTime(plain, heard), heard), inputs) };
  });
  const stretches = stretchesOf(shards.samples);
  let done = 0;
  for (const { indices, rows, inputs, lengths } of batchesOf(shards, stretches, definition, hearing)) {
    const { values } = await run({ ...inputs, lengths: int32(lengths), ...pass.inputs });
    const [, time, width = 1] = values.shape;
    indices.forEach((index, row) => {
      const frames = Math.min(time, Math.max(0, Math.ceil(lengths[row] / geometry.stride) - geometry.lost));
      const from = row * time * width;
      pass.visit({ stretch: stretches[index], values: values.data.slice(from, from + frames * width), frames });
    });
    done += Math.min(indices.length, rows);
    pass.progress?.(done, stretches.length);
    pass.signal?.throwIfAborted();
  }
  return timesOf(geometry, definition);
}

/** A batch of samples or stored features, as inputs, with the frames of each row. */
interface FrameBatch {
  indices: Int32Array;
  rows: number;
  lengths: Int32Array;
  inputs: Inputs;
}

function* batchesOf(
  shards: ShardLayout,
  stretches: readonly Stretch[],
  definition: FeatureDefinition,
  hearing: Hearing,
): Generator<FrameBatch> {
  const batches = planBatches(stretches, { maxBatchSamples: MAX_BATCH_SAMPLES });
  if (shards.features) {
    const reader = openFeatureReader(shards);
    try {
      for (const { indices, rows, stored, lengths } of storedBatches(
        stretches,
        { read: reader.read, features: shards.features },
        batches,
      )) {
        const shape = [rows, stored.length / rows / definition.bins, definition.bins];
        yield { indices, rows, lengths, inputs: { stored: float32(stored, shape) } };
      }
    } finally {
      reader.close();
    }
    return;
  }
  const reader = openReader(shards);
  try {
    for (const batch of stretchBatches(stretches, { samples: shards.samples, read: reader.read }, batches)) {
      const { indices, rows, samples, pcm, lengths } = batch;
      const noise = hearing === 'unchanged' ? new Float32Array(samples) : noiseOf(samples);
      yield {
        indices,
        rows,
        lengths: Int32Array.from(lengths, (length) => Math.max(frameCount(length, definition), 1)),
        inputs: { wave: float32(Float32Array.from(pcm), [rows, samples]), noise: float32(noise, [1, samples]) },
      };
    }
  } finally {
    reader.close();
  }
}
