import { dirname } from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../../errors.js';
import type { DescribedModel } from '../described-model.js';
import { describeHearing } from '../hearing.js';
import { DESCRIPTION_KEY, exportedIdentity, meanOf, type OnnxDescription, onnxDescription } from './description.js';
import { metadataOfFile } from './metadata-of-file.js';

/** The file of a model folder that runs without TensorFlow. */
export const ONNX_FILE = 'model.onnx';

/** An exported model on disk. */
export interface OnnxModel extends DescribedModel {
  path: string;
  /** Frames that any graph takes; most take fewer. */
  minFrames: number;
  /** Digest of the model that it was made from, as `identityOf` computes it. */
  exportedFrom: string;
}

const AGAIN = 'Export the model again with `voxloop export MODEL`.';

/**
 * Reads what an ONNX file says of itself; its weights stay on disk.
 * @throws UserError for a file that `voxloop export` did not write, or wrote for another use or by another version
 */
export function readOnnxModel(path: string): OnnxModel {
  const description = parse(path, metadataOfFile(path)[DESCRIPTION_KEY]);
  refuseOtherUses(path, description);
  const { model, minFrames, digests } = description;
  return {
    path,
    dir: dirname(path),
    info: model,
    mean: meanOf(description),
    minFrames,
    exportedFrom: digests.file,
    identity: () => exportedIdentity(description, 'file'),
    weightsIdentity: () => exportedIdentity(description, 'weights'),
    space: () => model.space ?? exportedIdentity(description, 'weights'),
  };
}

function parse(path: string, text: string | undefined): OnnxDescription {
  if (text === undefined) {
    throw new UserError(
      `${path} does not say which features its network expects and what it hears of a recording: this version of \`voxloop export\` did not ` +
        'write it. Export the model folder again; published models in PyTorch files become one by `voxloop import`.',
    );
  }
  try {
    return onnxDescription.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError(`${path} is not an export that this version of voxloop reads: ${reason}. ${AGAIN}`);
  }
}

function refuseOtherUses(path: string, { model, hears, input, subtractsMean }: OnnxDescription): void {
  if (hears !== describeHearing(model)) {
    throw new UserError(
      `${path} was exported by a version of voxloop that hears recordings otherwise: ${hears} instead of ${describeHearing(model)}. ${AGAIN}`,
    );
  }
  if (input === 'wave') {
    throw new UserError(
      `${path} was exported with --input wave, for other programs; voxloop computes the features itself. ${AGAIN}`,
    );
  }
  if (subtractsMean) {
    throw new UserError(
      `${path} was exported with --subtract-mean, for other programs; voxloop subtracts the mean itself where it is wanted. ${AGAIN}`,
    );
  }
}
