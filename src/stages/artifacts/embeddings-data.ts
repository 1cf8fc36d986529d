import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { type ModelIdentity, modelIdentity } from '../../eval/model-identity.js';
import { readNpy } from '../../io/npy.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact } from '../../plugin/stage.js';
import { joinRows } from '../../rows.js';

/** Embeddings of one part of a corpus, in shard order. */
export interface Embeddings {
  rows: number;
  size: number;
  /** [rows, size] */
  vectors: Float32Array;
}

/** The result of a stage that produces embeddings. `model` is the network's identity by its weights; a user's stage may not know it. */
export const embeddingsResult = z.object({
  network: z.string(),
  origin: z.string(),
  embeddingSize: z.number(),
  model: modelIdentity.optional(),
  /** The network in whose space they lie, where that is not `model` itself. */
  space: modelIdentity.optional(),
});

/** The model that made the embeddings, by its weights; undefined where the stage did not tell. */
export const modelOfEmbeddings = (artifact: Artifact): ModelIdentity | undefined =>
  readResult(artifact, embeddingsResult.pick({ model: true })).model;

/** Name of the part that holds augmented copies of the training utterances: all of them, then all of them again. */
export const COPIES = 'augmented';

const partPath = ({ dir }: Pick<Artifact, 'dir'>, part: string) => join(dir, `${part}.npy`);

/** The training embeddings, and behind them the augmented copies where there are any; row i is of utterance i % utterances. */
export function readTrainingEmbeddings(artifact: Artifact, { copies }: { copies: boolean }): Embeddings {
  const train = readEmbeddings(artifact, 'train');
  if (!copies || !existsSync(partPath(artifact, COPIES))) return train;
  const { vectors, rows, size } = readEmbeddings(artifact, COPIES);
  return { rows: train.rows + rows, size, vectors: joinRows([train.vectors, vectors]) };
}

/** Reads one part ('train', 'augmented', 'clean', 'channel') of an embeddings artifact. */
export function readEmbeddings(artifact: Artifact, part: string): Embeddings {
  const path = partPath(artifact, part);
  const { shape, data } = readNpy(path);
  if (shape.length !== 2 || !(data instanceof Float32Array)) {
    throw new UserError(
      `${path} must hold a float32 matrix; it holds an array of shape [${shape}]. Run the embed stage again.`,
    );
  }
  return { rows: shape[0], size: shape[1], vectors: data };
}
