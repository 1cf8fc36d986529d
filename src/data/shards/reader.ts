import { closeSync, openSync, readSync } from 'node:fs';
import { codeOf, UserError } from '../../errors.js';
import { BYTES_PER_SAMPLE, brokenShards } from './format.js';

/** Places of utterances, as arrays over shared memory: passing it to a worker thread copies nothing but the names. */
export interface ShardLayout {
  /** Absolute paths of the shard files. */
  files: string[];
  /** Shard number of each utterance. // [utterances] */
  shard: Int32Array;
  /** Start of each utterance in its shard, in samples. // [utterances] */
  offset: Float64Array;
  /** Length of each utterance, in samples. // [utterances] */
  samples: Int32Array;
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

/**
 * Opens a reader; shard files are opened as they are needed, and at most `maxOpen` stay open, because a corpus of
 * a thousand shards read by a few workers would pass the usual limit of 1024 descriptors.
 */
export function openReader(layout: ShardLayout, maxOpen = 64): ShardReader {
  const open = new Map<number, number>();

  const descriptorOf = (shard: number): number => {
    const known = open.get(shard);
    const descriptor = known ?? openShard(layout.files[shard]);
    // Deleting and setting again moves the entry to the end: the first entry is the one unused for longest.
    open.delete(shard);
    open.set(shard, descriptor);
    const [oldest] = open.keys();
    if (open.size > maxOpen) {
      closeSync(open.get(oldest)!);
      open.delete(oldest);
    }
    return descriptor;
  };

  return {
    read(utterance, start, into) {
      if (start < 0 || start + into.length > layout.samples[utterance]) {
        throw new RangeError(`samples ${start} to ${start + into.length} are outside utterance ${utterance}`);
      }
      const shard = layout.shard[utterance];
      readSamples(descriptorOf(shard), layout.files[shard], layout.offset[utterance] + start, into);
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
function readSamples(descriptor: number, path: string, startSample: number, into: Int16Array): void {
  const bytes = into.byteLength;
  for (let at = 0; at < bytes; ) {
    const got = readSync(descriptor, into, at, bytes - at, startSample * BYTES_PER_SAMPLE + at);
    if (got === 0) throw brokenShards(path, `it ends at byte ${startSample * BYTES_PER_SAMPLE + at}, in an utterance`);
    at += got;
  }
}
