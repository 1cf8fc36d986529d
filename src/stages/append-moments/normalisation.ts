import { fitWhitening, type Whitening } from '../../eval/whitening.js';
import { fitWithinWhitening } from '../../eval/within-whitening.js';
import type { MomentPart } from './options.js';

/** Moments of layers of some utterances and of their copies. */
export interface HeardMoments {
  /** In the order in which they lie in a vector. */
  layers: readonly { name: string; size: number }[];
  /** Of a vector: all layers together. */
  size: number;
  utterances: number;
  /** The utterances as they are, then copy after copy of them all. // [(1 + copies) * utterances, size] */
  vectors: Float32Array;
}

/** The affine map that normalises a part's moments. @throws UserError where they do not vary */
export function normalisationOf(
  { layers, normalise }: Pick<MomentPart, 'layers' | 'normalise'>,
  heard: HeardMoments,
): Whitening {
  const { size, vectors } = columnsOf(layers, heard);
  if (normalise === 'total') return fitWhitening(vectors.subarray(0, heard.utterances * size), heard.utterances, size);
  const labels = Int32Array.from({ length: vectors.length / size }, (_, row) => row % heard.utterances);
  return fitWithinWhitening({ vectors, size, labels });
}

/** The moments of these layers alone, in this order. */
function columnsOf(names: readonly string[], { layers, size, vectors }: HeardMoments) {
  const columns = names.flatMap((wanted) => {
    const number = layers.findIndex(({ name }) => name === wanted);
    const from = layers.slice(0, number).reduce((sum, layer) => sum + layer.size, 0);
    return Array.from({ length: layers[number].size }, (_, i) => from + i);
  });
  const rows = vectors.length / size;
  const taken = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    for (const [i, column] of columns.entries()) taken[row * columns.length + i] = vectors[row * size + column];
  }
  return { size: columns.length, vectors: taken };
}
