import { z } from 'zod';
import { modelIdentity } from '../eval/model-identity.js';

/** store.json: what the vectors are, and which files hold them. */
export const storeInfo = z.strictObject({
  format: z.literal('voxloop-speakers-1'),
  model: modelIdentity,
  /** The network in whose space the vectors lie; stores of earlier versions do not tell. */
  space: modelIdentity.optional(),
  embeddingSize: z.number().int().positive(),
  /** True when the model's mean embedding was subtracted before normalisation to length one. */
  meanSubtracted: z.boolean(),
  /** Part of the names of the two files; it changes when speakers are removed or replaced. */
  generation: z.string().regex(/^[0-9a-f]{8}$/),
});
export type StoreInfo = z.output<typeof storeInfo>;

/** One recording that a speaker was enrolled with. */
const utterance = z.strictObject({
  file: z.string(),
  seconds: z.number(),
  /** Seconds that are not silence. */
  soundSeconds: z.number(),
});
export type Utterance = z.output<typeof utterance>;

/** A line of the journal: recordings of a speaker, whose vectors are rows from `row` on. */
export const journalLine = z.strictObject({
  speaker: z.string(),
  row: z.number().int().nonnegative(),
  utterances: z.array(utterance).min(1),
});
export type JournalLine = z.output<typeof journalLine>;

export const STORE_FILE = 'store.json';
export const journalFile = ({ generation }: StoreInfo) => `journal-${generation}.jsonl`;
export const vectorsFile = ({ generation }: StoreInfo) => `embeddings-${generation}.f32`;
/** A search index over the first `journalBytes` of the journal. */
export const indexFile = ({ generation }: StoreInfo, journalBytes: number) =>
  `index-${generation}-${journalBytes}.hnsw`;
export const INDEX_FILE = /^index-([0-9a-f]{8})-(\d+)\.hnsw$/;
/** Files of a store; a folder with other files is not a store. */
export const STORE_FILES = /^(store\.json|journal-.*|embeddings-.*|index-.*|lock.*)$/;
