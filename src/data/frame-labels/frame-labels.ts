import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { frameCount, frameLength, frameShift } from '../../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { UserError } from '../../errors.js';
import { toFloat16, toFloat32 } from '../../float-types.js';
import { float32 } from '../../host-tensor.js';
import { streamFileAtomic } from '../../io/atomic-stream.js';
import { readNpy, writeNpy } from '../../io/npy.js';
import { withFile } from '../../io/read-file.js';

/** How labels of frames are kept. Frame k is about the stretch from offsetMs + k shiftMs on, of shiftMs. */
export const frameLabelling = z.object({
  /** `class`: a class or none for each frame; `shares`: a distribution over all. */
  kind: z.enum(['class', 'shares']),
  /** Names of the classes. */
  names: z.array(z.string()).min(1),
  shiftMs: z.number().positive(),
  offsetMs: z.number(),
});
export type FrameLabelling = z.output<typeof frameLabelling>;

/** The most classes there can be: labels are kept as int16. */
export const MOST_CLASSES = 32_767;

/** No label. */
export const NONE = -1;

const FRAMES = 'frames.npy';
const fileOf = (dir: string, { kind }: FrameLabelling): string =>
  join(dir, kind === 'class' ? 'labels.i16' : 'shares.f16');

/** Numbers of a frame. */
const widthOf = ({ kind, names }: FrameLabelling): number => (kind === 'class' ? 1 : names.length);

/**
 * Writes the labels of all utterances, whole or not at all: `frames.npy`, their numbers of frames, and `labels.i16`, classes as int16, or
 * `shares.f16`, distributions as float16, utterance after utterance, little-endian.
 * @param labels of each utterance, in the order of the corpus' training shards: [frames], or [frames, classes]
 */
export async function writeFrameLabels(
  dir: string,
  labelling: FrameLabelling,
  labels: Iterable<Int16Array | Float32Array>,
): Promise<void> {
  const frames: number[] = [];
  rmSync(join(dir, FRAMES), { force: true });
  await streamFileAtomic(fileOf(dir, labelling), (append) => {
    for (const values of labels) {
      frames.push(values.length / widthOf(labelling));
      const { data } = values instanceof Int16Array ? { data: values } : toFloat16(float32(values));
      append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  });
  writeNpy(join(dir, FRAMES), [frames.length], Int32Array.from(frames));
}

/** Crops of which frame labels are wanted. */
export interface LabelledCrops {
  /** The utterance of each. */
  utterances: ArrayLike<number>;
  /** Where each starts in it, in samples. */
  starts: ArrayLike<number>;
  /** Samples of a crop. */
  samples: number;
  /** True where crops are cut from stored features. */
  stored: boolean;
}

/** Labels of frames, on disk. */
export interface FrameLabels {
  labelling: FrameLabelling;
  /** Of each utterance. */
  frames: Int32Array;
  /**
   * The label at the middle of each feature frame of each crop, -1 or zeros where there is none: int32 [crops, feature frames], or float32
   * [crops, feature frames, classes]. An utterance that is shorter than its crop is repeated, as its samples are.
   */
  ofCrops(crops: LabelledCrops, features: FeatureDefinition): Int32Array | Float32Array;
  /** All labels of an utterance, as they lie on disk. // [frames] or [frames, classes] */
  ofUtterance(utterance: number): Int16Array | Float32Array;
}

/**
 * Opens the labels in `dir` for utterances of these lengths.
 * @throws UserError for labels of another number of utterances, and files that are cut short
 */
export function openFrameLabels(dir: string, labelling: FrameLabelling, samples: Int32Array): FrameLabels {
  const { data: frames } = readNpy(join(dir, FRAMES));
  if (!(frames instanceof Int32Array) || frames.length !== samples.length)
    throw new UserError(
      `${dir} holds labels of ${frames.length} utterances, not of ${samples.length}. Make them anew for this corpus.`,
    );
  const width = widthOf(labelling);
  const ends = new Float64Array(frames.length);
  frames.forEach((count, i) => {
    ends[i] = (ends[i - 1] ?? 0) + count;
  });
  const path = fileOf(dir, labelling);
  const bytes = 2 * width * (ends.at(-1) ?? 0);
  const read = (utterances: Iterable<number>): Map<number, Int16Array | Float32Array> =>
    withFile(path, (file) => {
      if (file.bytes !== bytes)
        throw new UserError(`${path} has ${file.bytes} bytes, not ${bytes}. Delete it and run its stage again.`);
      const parts = new Map<number, Int16Array | Float32Array>();
      for (const utterance of utterances) {
        const from = ends[utterance] - frames[utterance];
        const part = file.read(2 * width * from, 2 * width * frames[utterance]);
        parts.set(utterance, labelling.kind === 'class' ? new Int16Array(part) : halvesToFloats(part));
      }
      return parts;
    });
  return {
    labelling,
    frames,
    ofUtterance: (utterance) => read([utterance]).get(utterance)!,
    ofCrops(crops, features) {
      const count = frameCount(crops.samples, features);
      const rows = crops.utterances.length;
      const parts = read(new Set(Array.from(crops.utterances)));
      const values =
        labelling.kind === 'class' ? new Int32Array(rows * count).fill(NONE) : new Float32Array(rows * count * width);
      for (let row = 0; row < rows; row++) {
        const utterance = crops.utterances[row];
        const part = parts.get(utterance)!;
        const middles = middlesMs(crops, row, samples[utterance], features, count);
        middles.forEach((ms, i) => {
          const frame = frameAt(ms, labelling, frames[utterance]);
          if (frame !== undefined)
            values.set(part.subarray(frame * width, (frame + 1) * width), (row * count + i) * width);
        });
      }
      return values;
    },
  };
}

const halvesToFloats = (bytes: ArrayBuffer): Float32Array => {
  const data = new Uint16Array(bytes);
  return toFloat32({ dtype: 'float16', shape: [data.length], data }).data as Float32Array;
};

/** The middle of each feature frame of a crop, in ms of its utterance. */
function middlesMs(
  { starts, samples, stored }: LabelledCrops,
  row: number,
  utteranceSamples: number,
  features: FeatureDefinition,
  count: number,
): number[] {
  const [shift, middle] = [frameShift(features), features.frontEnd ? 0 : frameLength(features) / 2];
  const ms = 1000 / features.sampleRateHz;
  const start = starts[row];
  if (stored) {
    const [first, filled] = [Math.floor(start / shift), Math.min(count, frameCount(utteranceSamples, features))];
    return Array.from({ length: count }, (_, i) => ((first + (i % filled)) * shift + middle) * ms);
  }
  const filled = Math.min(samples, utteranceSamples);
  return Array.from({ length: count }, (_, i) => (start + ((i * shift + middle) % filled)) * ms);
}

/** The label's frame at a time; a frame's length before the first and behind the last there is the nearest, farther away none. */
function frameAt(ms: number, { shiftMs, offsetMs }: FrameLabelling, frames: number): number | undefined {
  const frame = Math.floor((ms - offsetMs) / shiftMs);
  if (frames === 0 || frame < -1 || frame > frames) return undefined;
  return Math.min(Math.max(frame, 0), frames - 1);
}
