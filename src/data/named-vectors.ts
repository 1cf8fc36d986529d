import { existsSync } from 'node:fs';
import { UserError } from '../errors.js';
import { readKaldiEmbeddings } from '../io/kaldi/scp.js';
import { readLines } from '../io/lines.js';
import { readNpy } from '../io/npy.js';

/** Vectors of one length by name, such as the face embeddings of a corpus' utterances. */
export interface NamedVectors {
  size: number;
  names: string[];
  /** The vector of a name; undefined where there is none. [size] */
  vectorOf(name: string): Float32Array | undefined;
}

/**
 * Reads vectors that another program wrote: `.npy`, float32 [rows, size], with a table beside it, `.tsv`, whose first column `name` names the
 * rows, as `voxloop embed` writes both; or a Kaldi index or archive, `.scp` or `.ark`.
 * @throws UserError for a file or table that is missing or does not fit, a name that comes twice, and a vector that is not finite or zero
 */
export function readNamedVectors(path: string): NamedVectors {
  const { names, vectors, size } = /\.(scp|ark)$/.test(path) ? readKaldiEmbeddings(path) : readNpyVectors(path);
  const rows = new Map<string, number>();
  names.forEach((name, row) => {
    if (rows.has(name)) throw new UserError(`${path}: '${name}' comes twice. Keep one vector for each utterance.`);
    rows.set(name, row);
    const vector = vectors.subarray(row * size, (row + 1) * size);
    if (!vector.every(Number.isFinite) || vector.every((value) => value === 0))
      throw new UserError(`${path}: the vector of '${name}' is zero or not finite. Leave it out: it is missing then.`);
  });
  return {
    size,
    names,
    vectorOf(name) {
      const row = rows.get(name);
      return row === undefined ? undefined : vectors.subarray(row * size, (row + 1) * size);
    },
  };
}

function readNpyVectors(path: string): { names: string[]; vectors: Float32Array; size: number } {
  if (!path.endsWith('.npy'))
    throw new UserError(
      `${path}: vectors by name are read from .npy (with names in a .tsv beside it), .scp or .ark files.`,
    );
  const { shape, data } = readNpy(path);
  const table = path.replace(/npy$/, 'tsv');
  if (shape.length !== 2 || !(data instanceof Float32Array))
    throw new UserError(`${path} must hold a float32 matrix [rows, size]; it holds an array of shape [${shape}].`);
  if (!existsSync(table))
    throw new UserError(`${table} is not there: a header \`name\`, and the name of each row of ${path} on a line.`);
  const [header, ...lines] = Array.from(readLines(table)).filter((line) => line.trim() !== '');
  if (header?.split('\t')[0] !== 'name')
    throw new UserError(`${table} begins with ${JSON.stringify(header ?? '')}, and its first column must be \`name\`.`);
  if (lines.length !== shape[0])
    throw new UserError(`${table} names ${lines.length} rows, and ${path} has ${shape[0]}. Write both again.`);
  return { names: lines.map((line) => line.split('\t')[0]), vectors: data, size: shape[1] };
}

/** @throws UserError where none of a corpus' utterances is named */
export function refuseForeignNames(path: string, { names }: NamedVectors, ids: readonly string[]): void {
  const known = new Set(ids);
  if (names.some((name) => known.has(name))) return;
  throw new UserError(
    `${path} names no training utterance of the corpus: its first name is '${names[0] ?? ''}', and the corpus' first is '${ids[0]}'. ` +
      'Name the vectors by the `id` of manifest.tsv.',
  );
}
