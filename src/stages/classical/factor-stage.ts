import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { FactorState, Factors } from '../../classical/factors/fit-factors.js';
import type { MixtureModel } from '../../classical/mixture-model.js';
import { writeModel } from '../../embed/model-file.js';
import { UserError } from '../../errors.js';
import { float32 } from '../../host-tensor.js';
import { readSafetensors, writeSafetensors } from '../../io/safetensors.js';
import type { StageContext } from '../../plugin/stage.js';
import { networkDir } from '../artifacts/model-artifact.js';

/** Options that the fits of factors share. */
export const factorOptions = {
  iterations: z.number().int().positive().default(10).describe('rounds of expectation maximisation'),
  minimumDivergence: z
    .boolean()
    .default(true)
    .describe('after each round also fit the mean and the covariance of the factors, and take them into the model'),
};

/** Refuses more factors than a supervector has room for; warns of more than there are rows. @throws UserError */
export function checkRank(
  option: string,
  rank: number,
  { gaussians, dimensions }: Pick<MixtureModel, 'gaussians' | 'dimensions'>,
  { rows, of, log }: { rows: number; of: string; log(line: string): void },
): void {
  const most = gaussians * dimensions - 1;
  if (rank > most)
    throw new UserError(
      `${option}: ${rank} factors, and the supervector of ${gaussians} Gaussians over ${dimensions} dimensions has ` +
        `${gaussians * dimensions} numbers. Give at most ${most}.`,
    );
  if (rank > rows) log(`${option}: ${rank} factors and ${rows} ${of}: those beyond tell nothing`);
}

const likelihoods = z.array(z.number().nullable());

/** Where a fit of factors is kept between rounds. */
export function openCheckpoint({ dir, resume }: Pick<StageContext, 'dir' | 'resume'>, name: string, rank: number) {
  const path = join(dir, `${name}.partial.safetensors`);
  return {
    /** What an earlier attempt left. */
    from(): FactorState | undefined {
      if (!resume || !existsSync(path)) return undefined;
      const { tensors, metadata } = readSafetensors(path);
      const [factors, offset] = [tensors.factors.data as Float32Array, tensors.offset.data as Float32Array];
      const logLikelihoods = likelihoods.parse(JSON.parse(metadata.logLikelihoods)).map((value) => value ?? Number.NaN);
      return { factors, offset, logLikelihoods };
    },
    keep({ factors, offset, logLikelihoods }: FactorState): void {
      const tensors = { factors: float32(factors, [factors.length / rank, rank]), offset: float32(offset) };
      writeSafetensors(path, tensors, { logLikelihoods: JSON.stringify(logLikelihoods) });
    },
    remove: () => rmSync(path, { force: true }),
  };
}

/** Writes factors as a model: the extractor of the posterior mean of the first `kept` ones. */
export function writeExtractor(
  dir: string,
  origin: string,
  { model, gaussians, dimensions, cepstra }: MixtureModel,
  { factors, offset, rank, kept }: Factors & { rank: number; kept?: number },
): void {
  const { features, hearing } = model.info;
  const backbone = { name: 'ivector', options: { gaussians, rank, ...(kept && { kept }), ...cepstra } };
  const info = { origin, backbone, features, embeddingSize: kept ?? rank, ...(hearing && { hearing }) };
  const mixture = Object.entries(model.weights).filter(([name]) => name.startsWith('mixture/'));
  writeModel(networkDir({ dir }, 'network'), info, {
    ...Object.fromEntries(mixture),
    factors: float32(factors, [gaussians * dimensions, rank]),
    offset: float32(offset, [gaussians, dimensions]),
  });
}
