import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DescribedModel } from '../embed/described-model.js';
import { MODEL_FILE, type Model, readModel, whereModelsAre } from '../embed/model-file.js';
import { ONNX_FILE, readOnnxModel } from '../embed/onnx/onnx-model.js';
import { spaceOf, weightsIdentity } from '../embed/weights-identity.js';
import { UserError } from '../errors.js';
import { identityOf } from '../speakers/model-identity.js';

/** What there is under the name of a model: a folder for TensorFlow, a file for onnxruntime, or both. */
export type ModelFiles = { network: string; onnx?: string } | { network?: undefined; onnx: string };

/** The files of a model, which is a folder or a file of `voxloop export`. @throws UserError for a folder without either */
export function filesOfModel(path: string): ModelFiles {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? path.endsWith('.onnx');
  if (isFile) return { onnx: path };
  // In a folder for Hugging Face the graph lies in one of its own.
  const onnx = [join(path, ONNX_FILE), join(path, 'onnx', ONNX_FILE)].find((file) => existsSync(file));
  if (existsSync(join(path, MODEL_FILE))) return { network: path, onnx };
  if (onnx !== undefined) return { onnx };
  throw new UserError(
    `${path} holds no model (neither ${MODEL_FILE} nor ${ONNX_FILE} is there). ${otherName(path) ?? whereModelsAre(path)}`,
  );
}

function otherName(dir: string): string | undefined {
  const name = existsSync(dir) && readdirSync(dir).find((file) => file.endsWith('.onnx'));
  return name ? `To run an exported model of another name, name the file: ${join(dir, name)}` : undefined;
}

/** Reads a model without running it. @throws UserError when there is none */
export function describeModel(path: string): DescribedModel {
  const { network, onnx } = filesOfModel(path);
  return network === undefined ? readOnnxModel(onnx) : describeNetwork(readModel(network));
}

/** A model folder's network as whoever runs or scores with it sees it. */
export const describeNetwork = (model: Model): DescribedModel => ({
  dir: model.dir,
  info: model.info,
  mean: model.mean,
  identity: () => identityOf(model),
  weightsIdentity: () => weightsIdentity(model),
  space: () => spaceOf(model),
});
