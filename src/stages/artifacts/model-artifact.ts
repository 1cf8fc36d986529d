import { join } from 'node:path';
import { z } from 'zod';
import { readModel } from '../../embed/model-file.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact } from '../../plugin/stage.js';

/** The result of a stage that produces a model. */
export const modelResult = z.object({
  /** Names of the folders below `models`; the first is the stage's result. */
  networks: z.array(z.string()).min(1),
});

/** Folder of one network of a model artifact. */
export const networkDir = ({ dir }: Pick<Artifact, 'dir'>, network: string): string => join(dir, 'models', network);

/** The name of a model's network: the one that was asked for, or the one that is its result. */
export const networkName = (artifact: Artifact, network?: string): string =>
  network ?? readResult(artifact, modelResult).networks[0];

/** Reads a network of a model artifact; by default the one that is its result. */
export const openModelArtifact = (artifact: Artifact, network?: string) =>
  readModel(networkDir(artifact, networkName(artifact, network)));
