import { createHash } from 'node:crypto';
import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import type { ShardSet } from '../../data/shards/shards.js';
import type { StoredRows } from '../../data/stored-rows.js';
import { modelIdentity } from '../../eval/model-identity.js';
import type { Artifact } from '../../plugin/stage.js';

const storedTeacher = z.object({
  /** By its weights and what it hears. */
  model: modelIdentity,
  features: featureDefinition,
  /** Numbers of each layer, in the order in which they stand in a row. */
  layers: z.record(z.string(), z.number()),
});
export type StoredTeacherInfo = z.output<typeof storedTeacher>;

/** The result of the stage `teacher-outputs`. */
export const teacherOutputsResult = z.object({
  utterances: z.number(),
  /** SHA-256 of the utterances' names and lengths. */
  corpus: z.string(),
  /** By the names of their artifacts, in the order of their files. */
  teachers: z.record(z.string(), storedTeacher),
});
export type TeacherOutputs = z.output<typeof teacherOutputsResult>;

/** Names, lengths and order of a corpus' training utterances as one digest: rows are known by their place. */
export function digestOfUtterances({ ids, samples }: Pick<ShardSet, 'ids' | 'samples'>): string {
  const hash = createHash('sha256');
  ids.forEach((id, i) => {
    hash.update(`${id}\t${samples[i]}\n`);
  });
  return hash.digest('hex');
}

/** Names in the order in which a record keeps them: whole numbers come first, whatever was written before. */
export const inRecordOrder = (names: readonly string[]): string[] =>
  Object.keys(Object.fromEntries(names.map((name) => [name, null])));

/** Where the rows of a teacher lie: its number counts from 1. */
export const rowsOfTeacher = (
  { dir }: Pick<Artifact, 'dir'>,
  number: number,
  { utterances, layers }: { utterances: number; layers: StoredTeacherInfo['layers'] },
): StoredRows => ({
  dir,
  name: `teacher${number}`,
  rows: utterances,
  size: Object.values(layers).reduce((sum, size) => sum + size, 0),
});
