import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeError } from '../../io/write-error.js';
import { type SkippedFile, shardName } from './format.js';
import type { ShardKind } from './kind.js';
import { appendProgress, recoverProgress, rowEntry, skipEntry } from './progress.js';

// A killed build loses at most this much decoded audio (35 minutes).
const COMMIT_BYTES = 64 * 2 ** 20;
// The most lines of the journal to hold back, for recordings that are tiny or cannot be used.
const COMMIT_ENTRIES = 16384;

/** Appends utterances to the shards of a build folder, in order. */
export interface ShardWriter {
  /** Utterances added or skipped so far, those of an interrupted build included. */
  readonly done: number;
  /** Adds the samples of an utterance, or its features [frames, bins]. */
  add(id: string, values: Int16Array | Float32Array): void;
  skip(file: SkippedFile): void;
  /** Writes everything added so far to the disk, the journal last. */
  commit(): void;
  /** Commits what can be committed and closes the shard. */
  close(): void;
}

/**
 * Opens or continues a build folder. An utterance never lies across two shards; a shard passes `maxShardBytes` only
 * when a single utterance does. Failed writes are UserErrors (disk full, no permission) naming the file.
 */
export function openWriter(folder: string, hash: string, maxShardBytes: number, kind: ShardKind): ShardWriter {
  const { unitBytes } = kind;
  const { done: recovered, last } = recoverProgress(folder, hash, kind);
  let shard = last?.shard ?? 0;
  let offset = last ? last.offset + last.length : 0;
  let file: number | undefined;
  const entries = holdEntries(folder, recovered, () => {
    if (file !== undefined) fsyncSync(file);
  });
  const closeFile = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const roomFor = (bytes: number) => {
    if (offset === 0 || offset * unitBytes + bytes <= maxShardBytes) return;
    entries.commit();
    closeFile();
    shard++;
    offset = 0;
  };

  return {
    get done() {
      return entries.count;
    },
    add(id, values) {
      roomFor(values.byteLength);
      const path = join(folder, shardName(shard, kind));
      try {
        file ??= openSync(path, offset === 0 ? 'w' : 'r+');
        writeAt(file, values, offset * unitBytes);
      } catch (error) {
        throw writeError(path, error);
      }
      const length = values.byteLength / unitBytes;
      const entry = rowEntry({ id, shard, offset, length });
      offset += length;
      entries.add(entry, values.byteLength);
    },
    skip: (skipped) => entries.add(skipEntry(skipped), 0),
    commit: entries.commit,
    close() {
      try {
        entries.commit();
      } catch {
        // Closing after a failed write: what the journal does not hold is decoded again.
      }
      closeFile();
    },
  };
}

/** Holds journal entries back and commits them together, once `syncSamples` has put their samples on the disk. */
function holdEntries(folder: string, recovered: number, syncSamples: () => void) {
  let committed = recovered;
  let pending: string[] = [];
  let pendingBytes = 0;
  const commit = () => {
    if (pending.length === 0) return;
    syncSamples();
    appendProgress(folder, pending);
    committed += pending.length;
    pending = [];
    pendingBytes = 0;
  };
  return {
    get count() {
      return committed + pending.length;
    },
    add(entry: string, bytes: number) {
      pending.push(entry);
      pendingBytes += bytes;
      if (pendingBytes >= COMMIT_BYTES || pending.length >= COMMIT_ENTRIES) commit();
    },
    commit,
  };
}

function writeAt(file: number, values: Int16Array | Float32Array, position: number): void {
  for (let at = 0; at < values.byteLength; ) at += writeSync(file, values, at, values.byteLength - at, position + at);
}
