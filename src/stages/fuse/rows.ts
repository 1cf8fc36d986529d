import type { NamedVectors } from '../../data/named-vectors.js';
import { dot } from '../../rows.js';
import type { FusedRows } from '../../train/fusion/fuser.js';

/** What turns embeddings into what a fusion takes: around the training mean, with numbers of a mean square of 1. */
export type Centring = (vector: Float32Array, into: Float32Array) => void;

export const centring =
  (mean: Float32Array): Centring =>
  (vector, into) => {
    for (let i = 0; i < into.length; i++) into[i] = vector[i] - mean[i];
    const scale = Math.sqrt(into.length / Math.max(dot(into, into), 1e-12));
    for (let i = 0; i < into.length; i++) into[i] *= scale;
  };

/** The rows of utterances by their ids, with the voices' vectors in the same order. */
export function fusionRows(
  ids: readonly string[],
  { vectors, size }: { vectors: Float32Array; size: number },
  faces: NamedVectors,
  { voice, face }: { voice: Centring; face: Centring },
): FusedRows {
  const rows = {
    voice: new Float32Array(ids.length * size),
    face: new Float32Array(ids.length * faces.size),
    present: new Float32Array(ids.length),
  };
  ids.forEach((id, row) => {
    voice(vectors.subarray(row * size, (row + 1) * size), rows.voice.subarray(row * size, (row + 1) * size));
    const found = faces.vectorOf(id);
    if (!found) return;
    rows.present[row] = 1;
    face(found, rows.face.subarray(row * faces.size, (row + 1) * faces.size));
  });
  return rows;
}

/** Some of the rows, by their numbers. */
export function takeFusionRows(rows: FusedRows, numbers: ArrayLike<number>): FusedRows {
  const part = (values: Float32Array) => {
    const size = values.length / rows.present.length;
    const taken = new Float32Array(numbers.length * size);
    Array.from(numbers).forEach((row, i) => {
      taken.set(values.subarray(row * size, (row + 1) * size), i * size);
    });
    return taken;
  };
  return { voice: part(rows.voice), face: part(rows.face), present: part(rows.present) };
}
