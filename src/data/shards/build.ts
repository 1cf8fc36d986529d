import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { messageOf, UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { writeError } from '../../io/write-error.js';
import { writeLinesAtomic } from '../../io/write-lines.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { withFolderLock } from '../folder-lock.js';
import { createNameTable } from '../name-table.js';
import { noneUsable } from '../none-usable.js';
import type { Rows } from '../packed-rows.js';
import { inOrder, type WorkerPool } from '../worker-pool.js';
import { type Decode, openDecoders } from './decode.js';
import {
  INDEX,
  indexLines,
  isShardFolderFile,
  parseRow,
  parseSkipped,
  readSkipped,
  readSummary,
  type ShardSummary,
  SKIPPED,
  SUMMARY,
  skippedLines,
} from './format.js';
import { listHash, type Source } from './hash.js';
import { kindOf, samplesOfUnits } from './kind.js';
import { doneRows, doneSkips, removeProgress } from './progress.js';
import { checkShards } from './shards.js';
import { openWriter, type ShardWriter } from './writer.js';

/** A built shard folder in numbers. */
export interface ShardIndex {
  dir: string;
  utterances: number;
  /** Of stored features, the frames times the samples from one to the next. */
  samples: number;
  /** Number of files that could not be used; skipped.tsv names them. */
  skipped: number;
  /** True when the folder existed already and nothing had to be decoded. */
  reused: boolean;
}

export interface ShardBuild {
  /** The folder to create; beside it `DIR.building` and `DIR.lock` exist while the build runs. */
  dir: string;
  /** Files to decode, in this order; ids are unique, paths absolute. Walked several times, a few at a time. */
  utterances: Rows<Source>;
  /** Decodes a file in this thread. Default: `loadMono16k` in worker threads. */
  decode?: Decode;
  /** Instead of decoding: the shards get stored features [frames, bins], which `read` gives. */
  stored?: { features: FeatureDefinition; read(source: Source): Float32Array };
  /** Shorter utterances are skipped. Default: 0, none is. */
  minSeconds?: number;
  /** Files decoded at a time. Default: one for each core. */
  workers?: number;
  /** Default: 256 MiB. */
  maxShardBytes?: number;
  log?: (message: string) => void;
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Decodes every file once into shards of int16 samples (little-endian, 16 kHz, mono), or copies float32 features, with an index. The
 * bytes depend on the list only, not on the threads. Nothing is done when the folder matches the list; an interrupted build continues
 * where it stopped; the folder appears under its name only when whole. Memory holds no more of the list than its names, for a moment.
 * Unreadable, empty and silent files are skipped and listed.
 * @throws UserError when no file is left, when the folder holds other files, or when writing fails
 */
export async function buildShards(build: ShardBuild): Promise<ShardIndex> {
  const { utterances, maxShardBytes = 256 * 2 ** 20, log, signal } = build;
  const features = build.stored?.features;
  const dir = resolve(build.dir);
  checkSources(utterances);
  const folder = `${dir}.building`;
  checkFolder(dir);
  checkFolder(folder);
  return withFolderLock(`${dir}.lock`, { log, signal }, async () => {
    const hash = await listHash(utterances, maxShardBytes, build.minSeconds, features);
    const ready = findReady(dir, hash, log);
    if (ready) return ready;
    const writer = openWriter(folder, hash, maxShardBytes, kindOf(features));
    try {
      await fill(writer, build);
      finish(folder, hash, features);
    } finally {
      writer.close();
    }
    // From here on the folder is whole: a kill between the next two lines costs the writing of the index, no decoding.
    replaceFolder(folder, dir);
    removeProgress(dir);
    const index = describe(dir, false);
    log?.(summaryLine(index));
    return index;
  });
}

function checkSources(sources: Rows<Source>): void {
  const seen = createNameTable();
  for (const { id } of sources) {
    if (/[\t\r\n]/.test(id) || id === '')
      throw new UserError(`The utterance id ${JSON.stringify(id)} is empty or holds a tab or line end.`);
    const before = seen.size;
    if (seen.add(id) < before)
      throw new UserError(`The utterance id ${id} occurs twice. Give each recording its own id.`);
  }
  if (sources.length === 0) throw new UserError('There is no utterance to decode: the list is empty.');
}

/** Refuses a folder with other people's files in it, before hours of decoding: it would be replaced. */
function checkFolder(dir: string): void {
  if (!existsSync(dir)) return;
  const foreign = listFolder(dir).find((name) => !isShardFolderFile(name));
  if (foreign !== undefined)
    throw new UserError(`${dir} holds ${foreign}, which is not a shard file. Choose another folder for the shards.`);
}

function listFolder(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    throw new UserError(`${dir} is not a folder that can be read. Choose another folder for the shards.`);
  }
}

function findReady(dir: string, hash: string, log: ShardBuild['log']): ShardIndex | undefined {
  if (!existsSync(join(dir, INDEX))) return undefined;
  try {
    if (readSummary(dir).hash === hash) return describe(dir, true);
    log?.(`The recordings have changed since ${dir} was built: building it again.`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    log?.(`${error.message} Building it again.`);
  }
  return undefined;
}

async function fill(writer: ShardWriter, build: ShardBuild): Promise<void> {
  const { utterances, stored, minSeconds = 0, workers = availableParallelism(), log, progress, signal } = build;
  const { done } = writer;
  if (done > 0) log?.(`Resuming an interrupted build: ${done} of ${utterances.length} recordings are decoded.`);
  const pool = openSources(build, Math.max(1, Math.min(workers, utterances.length - done)));
  try {
    for await (const { task, outcome } of inOrder(pool, after(utterances, done), signal)) {
      const reason =
        outcome.status === 'fulfilled'
          ? tooShort(outcome.value, minSeconds, stored?.features)
          : messageOf(outcome.reason);
      if (outcome.status === 'fulfilled' && reason === null) writer.add(task.id, outcome.value);
      else writer.skip({ id: task.id, path: task.path, reason: reason ?? '' });
      progress?.(writer.done, utterances.length);
    }
  } finally {
    await pool.close();
  }
  writer.commit();
}

/** What the shards are made of, a few utterances at a time: decoded in threads, or read here. */
function openSources({ decode, stored }: ShardBuild, size: number): WorkerPool<Source, Int16Array | Float32Array> {
  if (!stored) return openDecoders<Source>(size, decode);
  return { size, run: async (source) => stored.read(source), async close() {} };
}

function tooShort(
  values: Int16Array | Float32Array,
  minSeconds: number,
  features: FeatureDefinition | undefined,
): string | null {
  const seconds = samplesOfUnits(values.byteLength / kindOf(features).unitBytes, features) / SAMPLE_RATE_HZ;
  if (seconds >= minSeconds) return null;
  return `too short: ${seconds.toFixed(2)} s long; at least ${minSeconds} s are needed`;
}

/** One at a time, without those that were done before: a list of a million tasks is never there at once. */
function* after<T>(rows: Iterable<T>, done: number): Generator<T> {
  let number = 0;
  for (const row of rows) if (number++ >= done) yield row;
}

/** Makes the folder whole: index and list of what was skipped come out of the journal. */
function finish(folder: string, hash: string, features?: FeatureDefinition): void {
  const shards: number[] = [];
  let utterances = 0;
  for (const line of doneRows(folder)) {
    const { shard, length } = parseRow(line)!;
    shards[shard] = (shards[shard] ?? 0) + length;
    utterances++;
  }
  if (utterances === 0) throw noneUsed(folder);
  const content = features ? { format: 2 as const, features } : { format: 1 as const };
  const summary: ShardSummary = { ...content, sampleRateHz: SAMPLE_RATE_HZ, hash, utterances, shards };
  writeLinesAtomic(join(folder, SKIPPED), skippedLines(doneSkips(folder)));
  writeFileAtomic(join(folder, SUMMARY), `${JSON.stringify(summary, null, 2)}\n`);
  writeLinesAtomic(join(folder, INDEX), indexLines(doneRows(folder), features));
}

function noneUsed(folder: string): UserError {
  const skipped = function* () {
    for (const line of doneSkips(folder)) {
      const { path, reason } = parseSkipped(line)!;
      yield { file: path, reason };
    }
  };
  const error = noneUsable(skipped());
  rmSync(folder, { recursive: true, force: true });
  return error;
}

function replaceFolder(from: string, to: string): void {
  try {
    rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  } catch (error) {
    throw writeError(to, error);
  }
}

function describe(dir: string, reused: boolean): ShardIndex {
  const { utterances, shards, features } = checkShards(dir);
  let skipped = 0;
  for (const _file of readSkipped(dir)) skipped++;
  const units = shards.reduce((sum, n) => sum + n, 0);
  return { dir, utterances, samples: units * kindOf(features).unitSamples, skipped, reused };
}

function summaryLine({ dir, utterances, samples, skipped }: ShardIndex): string {
  const hours = (samples / SAMPLE_RATE_HZ / 3600).toFixed(2);
  const left = skipped === 0 ? '' : ` ${skipped} recordings were skipped: see ${join(dir, SKIPPED)}.`;
  return `${utterances} utterances, ${hours} hours, in ${dir}.${left}`;
}
