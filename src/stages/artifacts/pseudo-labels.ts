import { join } from 'node:path';
import { z } from 'zod';
import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import { readNpy } from '../../io/npy.js';
import type { Artifact } from '../../plugin/stage.js';
import { rowsOf, unitRows } from '../../rows.js';
import type { Finetuner } from '../../train/finetuner.js';
import { readEmbeddings } from './embeddings-data.js';

/** The result of a stage that produces clusters: pseudo-labels, or known ones. */
export const clustersResult = z.object({
  clusters: z.number(),
  /** Agreement with the speakers, where these are known and the labels are not theirs; for measurement only. */
  nmi: z.number().nullable(),
  purity: z.number().nullable(),
});

/**
 * Reads the labels of a clusters artifact, one for each training utterance in shard order; -1 is noise.
 * @param utterances the number there should be, where it is known
 * @throws UserError for another number of labels, or labels that are not int32
 */
export function readLabels({ dir }: Pick<Artifact, 'dir'>, utterances?: number): Int32Array {
  const path = join(dir, 'labels.npy');
  const { data } = readNpy(path);
  if (!(data instanceof Int32Array)) throw new UserError(`${path} holds no int32 labels. Run the cluster stage again.`);
  if (utterances === undefined || data.length === utterances) return data;
  throw new UserError(`${path} holds ${data.length} labels for ${utterances} utterances. Run the cluster stage again.`);
}

/**
 * Starts each class prototype at its cluster's mean unit embedding, so that the first steps do not undo the pretraining; a cluster at
 * another speed, of which nothing is known, begins where the cluster does.
 */
export async function startPrototypes(
  session: Session,
  { head }: Finetuner,
  labels: Int32Array,
  embeddings: Artifact,
  speeds = 1,
): Promise<void> {
  const { prototypes } = head;
  if (!prototypes)
    throw new UserError('The chosen loss has no prototypes to start: leave the option `prototypes` out.');
  const { vectors, size } = readEmbeddings(embeddings, 'train');
  const [, classes] = prototypes.shape;
  const clusters = classes / speeds;
  const sums = new Float32Array(size * classes);
  [...rowsOf(unitRows(vectors, size), size)].forEach((row, i) => {
    for (let d = 0; labels[i] >= 0 && d < size; d++) sums[d * classes + labels[i]] += row[d];
  });
  for (let at = 0; at < sums.length; at += classes)
    for (let speed = 1; speed < speeds; speed++) sums.copyWithin(at + speed * clusters, at, at + clusters);
  await session.load({ [prototypes.name]: { dtype: 'float32', shape: prototypes.shape, data: sums } });
}
