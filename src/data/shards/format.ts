import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type FeatureDefinition, featureDefinition } from '../../audio/features/feature-definition.js';
import { codeOf, UserError } from '../../errors.js';
import { readLines } from '../../io/lines.js';
import { withFile } from '../../io/read-file.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

/** The place of one utterance: `length` samples, or frames of stored features, from `offset` on in shard number `shard`. */
export interface ShardRow {
  id: string;
  shard: number;
  offset: number;
  length: number;
}

/** An input file that could not be used, and why. */
export interface SkippedFile {
  id: string;
  path: string;
  reason: string;
}

/** The contents of index.json: the totals that a whole folder must add up to, and the hash of what it was built from. */
export interface ShardSummary {
  /** 1: samples; 2: stored features. */
  format: 1 | 2;
  sampleRateHz: typeof SAMPLE_RATE_HZ;
  hash: string;
  utterances: number;
  /** Samples, or frames of stored features, in each shard file. */
  shards: number[];
  /** The definition of stored features. */
  features?: FeatureDefinition;
}

export const INDEX = 'index.tsv';
export const SUMMARY = 'index.json';
export const SKIPPED = 'skipped.tsv';
export const BYTES_PER_SAMPLE = 2;

/** The file name of shard number `shard`. */
export const shardName = (shard: number, { extension }: { extension: string }): string =>
  `shard-${String(shard).padStart(3, '0')}.${extension}`;

/** True for names of files that a shard folder may hold. */
export const isShardFolderFile = (name: string): boolean =>
  /^(shard-\d{3,}\.(pcm|f32)|index\.tsv|index\.json|skipped\.tsv|progress\.tsv)(\.[0-9a-f]{8}\.tmp)?$/.test(name);

const ROW_HEADER = 'id\tshard\toffset\tsamples';
const FRAME_ROW_HEADER = 'id\tshard\toffset\tframes';
const SKIPPED_HEADER = 'id\tpath\treason';
const CUT = 'it is cut short or is not a shard index';
const LINE_END = 10;

/** One row as a tab-separated line, without its line end. */
export const rowLine = (row: ShardRow): string => `${row.id}\t${row.shard}\t${row.offset}\t${row.length}`;

/** One skipped file as a tab-separated line; tabs and line ends inside become spaces. */
export const skippedLine = (file: SkippedFile): string =>
  [file.id, file.path, file.reason].map((field) => field.replace(/[\t\r\n]+/g, ' ')).join('\t');

/** Reads one row back; undefined when the line is not one. */
export function parseRow(line: string): ShardRow | undefined {
  const fields = line.split('\t');
  if (fields.length !== 4) return undefined;
  const [shard, offset, length] = fields.slice(1).map(Number);
  if (![shard, offset, length].every((value) => Number.isSafeInteger(value) && value >= 0) || length === 0)
    return undefined;
  return { id: fields[0], shard, offset, length };
}

/** Reads one skipped file back; undefined when the line is not one. */
export function parseSkipped(line: string): SkippedFile | undefined {
  const [id, path, reason, ...rest] = line.split('\t');
  return reason === undefined || rest.length > 0 ? undefined : { id, path, reason };
}

/** The lines of index.tsv, of such lines as `rowLine` gives. */
export const indexLines = (rows: Iterable<string>, features?: FeatureDefinition): Iterable<string> =>
  withHeader(features ? FRAME_ROW_HEADER : ROW_HEADER, rows);

/** The lines of skipped.tsv, of such lines as `skippedLine` gives. */
export const skippedLines = (files: Iterable<string>): Iterable<string> => withHeader(SKIPPED_HEADER, files);

function* withHeader(header: string, lines: Iterable<string>): Generator<string> {
  yield header;
  yield* lines;
}

/** Reads index.tsv of a shard folder, a row at a time. Throws a UserError that names file and line. */
export const readIndex = (dir: string): Generator<ShardRow> =>
  readTable(join(dir, INDEX), [ROW_HEADER, FRAME_ROW_HEADER], parseRow);

/** Reads skipped.tsv of a shard folder, a file at a time. Throws a UserError that names file and line. */
export const readSkipped = (dir: string): Generator<SkippedFile> =>
  readTable(join(dir, SKIPPED), [SKIPPED_HEADER], parseSkipped);

function* readTable<T>(path: string, headers: readonly string[], parse: (line: string) => T | undefined): Generator<T> {
  if (!existsSync(path)) throw brokenShards(path, 'the file is missing');
  if (!endsWithLine(path)) throw brokenShards(path, CUT);
  let number = 0;
  for (const line of readLines(path)) {
    number++;
    if (number === 1 && headers.includes(line)) continue;
    if (number === 1) throw brokenShards(path, CUT);
    const value = parse(line);
    if (value === undefined)
      throw brokenShards(path, `line ${number} cannot be read: ${JSON.stringify(line.slice(0, 80))}`);
    yield value;
  }
}

/** True when a file's last byte is a line end: a file written by lines is then whole. */
export function endsWithLine(path: string): boolean {
  return withFile(path, (file) => file.bytes > 0 && new Uint8Array(file.read(file.bytes - 1, 1))[0] === LINE_END);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw codeOf(error) === 'ENOENT' ? brokenShards(path, 'the file is missing') : error;
  }
}

/** The formats that this version reads: only the second one has features. */
const storedFeatures = z.union([
  z.object({ format: z.literal(1), features: z.undefined().optional() }),
  z.object({ format: z.literal(2), features: featureDefinition }),
]);

/** Reads index.json of a shard folder. Throws a UserError that names the file. */
export function readSummary(dir: string): ShardSummary {
  const path = join(dir, SUMMARY);
  let value: Partial<ShardSummary> | null;
  try {
    value = JSON.parse(readText(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw brokenShards(path, 'it is cut short or is not JSON');
    throw error;
  }
  const { format, sampleRateHz, hash, utterances, shards } = value ?? {};
  const stored = storedFeatures.safeParse(value);
  if (!stored.success || format === undefined || sampleRateHz !== SAMPLE_RATE_HZ)
    throw brokenShards(path, 'it was written by another version');
  if (typeof hash !== 'string' || typeof utterances !== 'number' || !Array.isArray(shards))
    throw brokenShards(path, 'fields are missing');
  return {
    format,
    sampleRateHz,
    hash,
    utterances,
    shards,
    ...(stored.data.features && { features: stored.data.features }),
  };
}

/** The error for a shard folder that is not whole: the file, what is wrong, and the way out. */
export const brokenShards = (path: string, what: string): UserError =>
  new UserError(`${path} is damaged: ${what}. Delete its folder, so that the shards are built again.`);
