import { closeSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { frameCount } from '../../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { codeOf, UserError } from '../../errors.js';
import { BYTES_PER_SAMPLE, brokenShards } from './format.js';
import { kindOf } from './kind.js';

/** Places of utterances, as arrays over shared memory: passing it to a worker thread copies nothing but the names. */
export interface ShardLayout {
  /** Absolute paths of the shard files. */
  files: string[];
  /** Shard number of each utterance. // [utterances] */
  shard: Int32Array;
  /** Start of each utterance in its shard, in samples, or in frames of stored features. // [utterances] */
  offset: Float64Array;
  /** Length of each utterance, in samples; of stored features, those that its frames span. // [utterances] */
  samples: Int32Array;
  /** Where the shards hold features instead of samples: their definition. */
  features?: FeatureDefinition;
}

/** Reads pieces of utterances by offset. */
export interface ShardReader {
  /**
   * Fills `into` with the samples of an utterance from `start` on; the piece must lie inside the utterance.
   * Throws a UserError that names the shard when it is gone or ends early.
   */
  read(utterance: number, start: number, into: Int16Array): void;
  close(): void;
}

/** Reads pieces of stored features. */
export interface FeatureReader {
  /** Fills `into` [frames, bins] with the frames of an utterance from frame `start` on; else as `ShardReader`. */
  read(utterance: number, start: number, into: Float32Array): void;
  close(): void;
}

/**
 * Opens a reader of samples; shard files are opened as they are needed, and at most `maxOpen` stay open, because a corpus of
 * a thousand shards read by a few workers would pass the usual limit of 1024 descriptors.
 * @throws UserError for shards of stored features
 */
export function openReader(layout: ShardLayout, maxOpen = 64): ShardReader {
  refuseStored(layout);
  const { bytesAt, close } = openFiles(layout, BYTES_PER_SAMPLE, maxOpen);
  return {
    read(utterance, start, into) {
      if (start < 0 || start + into.length > layout.samples[utterance]) {
        throw new RangeError(`samples ${start} to ${start + into.length} are outside utterance ${utterance}`);
      }
      bytesAt(utterance, start, into);
    },
    close,
  };
}

/** Refuses shards of stored features, where samples are needed. @throws UserError */
export function refuseStored({ features, files }: Pick<ShardLayout, 'features' | 'files'>): void {
  if (!features) return;
  throw new UserError(
    `${dirname(files[0] ?? '.')} holds stored features, and samples are needed here. Make a corpus of the recordings for this.`,
  );
}

/** Opens a reader of stored features of the layout's definition; files are opened as in `openReader`. */
export function openFeatureReader(layout: ShardLayout, maxOpen = 64): FeatureReader {
  const { features } = layout;
  if (!features) throw new Error('these shards hold samples, no features');
  const { bytesAt, close } = openFiles(layout, kindOf(features).unitBytes, maxOpen);
  return {
    read(utterance, start, into) {
      const frames = into.length / features.bins;
      if (start < 0 || start + frames > frameCount(layout.samples[utterance], features)) {
        throw new RangeError(`frames ${start} to ${start + frames} are outside utterance ${utterance}`);
      }
      bytesAt(utterance, start, into);
    },
    close,
  };
}

/** The shard files of a layout; `bytesAt` fills an array from a place of an utterance on, in units. */
function openFiles({ files, shard, offset }: ShardLayout, unitBytes: number, maxOpen: number) {
  const open = new Map<number, number>();

  const descriptorOf = (number: number): number => {
    const known = open.get(number);
    const descriptor = known ?? openShard(files[number]);
    // Deleting and setting again moves the entry to the end: the first entry is the one unused for longest.
    open.delete(number);
    open.set(number, descriptor);
    const [oldest] = open.keys();
    if (open.size > maxOpen) {
      closeSync(open.get(oldest)!);
      open.delete(oldest);
    }
    return descriptor;
  };

  return {
    bytesAt(utterance: number, start: number, into: Int16Array | Float32Array): void {
      const number = shard[utterance];
      readBytes(descriptorOf(number), files[number], (offset[utterance] + start) * unitBytes, into);
    },
    close() {
      for (const descriptor of open.values()) closeSync(descriptor);
      open.clear();
    },
  };
}

function openShard(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw brokenShards(path, 'the file is gone');
    if (codeOf(error) === 'EMFILE')
      throw new UserError(
        `Too many open files at ${path}. Raise the limit (ulimit -n 4096) and run the command again.`,
      );
    throw error;
  }
}

// Shards are little-endian, as is every machine TensorFlow is built for, so bytes go straight into the array.
function readBytes(descriptor: number, path: string, start: number, into: Int16Array | Float32Array): void {
  const bytes = into.byteLength;
  for (let at = 0; at < bytes; ) {
    const got = readSync(descriptor, into, at, bytes - at, start + at);
    if (got === 0) throw brokenShards(path, `it ends at byte ${start + at}, in an utterance`);
    at += got;
  }
}
