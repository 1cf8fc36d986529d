/** The rows of a row-major matrix, as views. */
export function* rowsOf(matrix: Float32Array, size: number): Generator<Float32Array> {
  for (let start = 0; start < matrix.length; start += size) yield matrix.subarray(start, start + size);
}

/** A copy whose rows have length 1; rows of zeros stay. */
export function unitRows(matrix: Float32Array, size: number): Float32Array {
  const result = matrix.slice();
  for (const row of rowsOf(result, size)) {
    const norm = Math.hypot(...row);
    if (norm > 0) for (let i = 0; i < size; i++) row[i] /= norm;
  }
  return result;
}

/** Matrices of the same row length, one below the other. */
export function joinRows(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
