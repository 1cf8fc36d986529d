import { z } from 'zod';
import type { StatisticsBlock } from '../../classical/factors/fit-factors.js';
import { type MixtureModel, mixtureModel, statisticsSize } from '../../classical/mixture-model.js';
import { readRows, type StoredRows } from '../../data/stored-rows.js';
import { readModel } from '../../embed/model-file.js';
import { UserError } from '../../errors.js';
import { modelIdentity } from '../../eval/model-identity.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact } from '../../plugin/stage.js';
import { networkDir } from '../artifacts/model-artifact.js';

/** The folder of the copy of the background model that the statistics were taken with. */
export const BACKGROUND = 'network';

/** The result of the stage `statistics`. */
export const statisticsResult = z.object({
  utterances: z.number(),
  /** SHA-256 of the utterances' names and lengths. */
  corpus: z.string(),
  gaussians: z.number(),
  dimensions: z.number(),
  /** The background model, by its weights. */
  background: modelIdentity,
});

/** Bytes of a file of statistics in memory, about. */
const SHARD_BYTES = 2 ** 26;

/** Where statistics lie: float16, a row an utterance. */
export function statisticsRows(
  { dir }: Pick<Artifact, 'dir'>,
  shape: Pick<MixtureModel, 'gaussians' | 'dimensions'>,
  rows: number,
): StoredRows {
  const size = statisticsSize(shape);
  return { dir, name: 'statistics', rows, size, shardRows: Math.max(1, Math.floor(SHARD_BYTES / (4 * size))) };
}

/** Stored statistics, opened. */
export interface OpenStatistics {
  background: MixtureModel;
  utterances: number;
  /** SHA-256 of the utterances' names and lengths. */
  corpus: string;
  /** Those of some utterances, in this order. */
  read(numbers: ArrayLike<number>): StatisticsBlock;
}

/** Opens the artifact of the stage `statistics`. @throws UserError for statistics of fewer than two utterances */
export function openStatistics(name: string, artifact: Artifact): OpenStatistics {
  const { utterances, corpus } = readResult(artifact, statisticsResult);
  if (utterances < 2)
    throw new UserError(
      `'${name}' holds the statistics of ${utterances} utterance${utterances === 1 ? '' : 's'}, and how utterances differ is to be ` +
        'learned from them. Give a corpus of more.',
    );
  const background = mixtureModel(name, readModel(networkDir(artifact, BACKGROUND)));
  const stored = statisticsRows(artifact, background, utterances);
  return { background, utterances, corpus, read: (numbers) => splitRows(readRows(stored, numbers), background) };
}

/** Parts rows of counts and sums. */
function splitRows(values: Float32Array, shape: Pick<MixtureModel, 'gaussians' | 'dimensions'>): StatisticsBlock {
  const { gaussians, dimensions } = shape;
  const [size, width] = [statisticsSize(shape), gaussians * dimensions];
  const rows = values.length / size;
  const [counts, sums] = [new Float32Array(rows * gaussians), new Float32Array(rows * width)];
  for (let row = 0; row < rows; row++) {
    counts.set(values.subarray(row * size, row * size + gaussians), row * gaussians);
    sums.set(values.subarray(row * size + gaussians, (row + 1) * size), row * width);
  }
  return { counts, sums };
}
