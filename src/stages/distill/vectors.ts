import { type NamedVectors, readNamedVectors, refuseForeignNames } from '../../data/named-vectors.js';
import type { ShardSet } from '../../data/shards/shards.js';
import { faultsWhere } from '../../plugin/faults.js';
import type { DistillOptions } from './options.js';
import type { StoredOutputs } from './stored.js';

/** Vectors to learn from, and the utterances that have one. */
export interface VectorTeacher extends StoredOutputs {
  /** Utterances without a vector have none. // [known] */
  utterances: Int32Array;
}

/** A file of vectors as a teacher of which an embedding is known for every utterance. */
const teacherOf = (path: string, { size }: NamedVectors) => ({
  name: `the vectors of ${path}`,
  layers: { embedding: size },
});

/** The teacher that a file of vectors is, before anything has run; undefined where the recipe names none. */
export const sketchVectors = ({ vectors }: DistillOptions) =>
  vectors === undefined ? undefined : [teacherOf(vectors, readNamedVectors(vectors))];

/**
 * Opens the vectors that a recipe names in the place of teachers: distillation from another modality, of which embeddings are known, such as
 * from faces to voices (Jin et al., "Cross-Modal Distillation for Speaker Recognition", AAAI 2023). Undefined where it names none.
 * @throws UserError for a file that cannot be read, and one that names no training utterance
 */
export function openVectors(
  { vectors: path }: DistillOptions,
  { ids }: Pick<ShardSet, 'ids'>,
  log: (line: string) => void,
): VectorTeacher | undefined {
  if (path === undefined) return undefined;
  const vectors = readNamedVectors(path);
  refuseForeignNames(path, vectors, ids);
  const utterances = Int32Array.from(ids.keys()).filter((utterance) => vectors.vectorOf(ids[utterance]) !== undefined);
  const { size } = vectors;
  log(`vectors: ${utterances.length} of ${ids.length} training utterances have one; the others are left out`);
  return {
    utterances,
    teachers: [teacherOf(path, vectors)],
    read(numbers) {
      const rows = new Float32Array(numbers.length * size);
      Array.from(numbers).forEach((utterance, row) => {
        rows.set(vectors.vectorOf(ids[utterance])!, row * size);
      });
      return [rows];
    },
  };
}

/** Faults of teachers beside vectors, and of what vectors cannot give. */
export function vectorFaults(options: DistillOptions, comparesScores: boolean): string[] {
  const { teachers, vectors, stored, teacherHears, speeds, combine } = options;
  const isGiven = vectors !== undefined;
  return faultsWhere([
    [
      isGiven === teachers.length > 0,
      () =>
        `teachers, vectors: give ${isGiven ? 'one of them only' : 'one of them'}: networks to learn from, or a file of vectors.`,
    ],
    [
      isGiven && stored !== undefined,
      () => 'stored: outputs are of teachers, and `vectors` stand in their place. Leave one of both out.',
    ],
    [isGiven && teacherHears === 'same', () => 'teacherHears: same: vectors hear nothing. Leave it out.'],
    [
      isGiven && speeds.length > 1,
      () => 'speeds: a speaker at another speed is another one, and vectors know one. Leave `speeds` or `vectors` out.',
    ],
    [
      isGiven && combine !== undefined,
      () => 'combine: there is one file of vectors, and nothing to combine. Leave it out.',
    ],
    [isGiven && comparesScores, () => 'vectors: they have no class scores. Compare vectors, such as with `cosine`.'],
  ]);
}
