import { readModel } from '../embed/model-file.js';
import { openOnnxExtractor } from '../embed/onnx/onnx-extractor.js';
import { readOnnxModel } from '../embed/onnx/onnx-model.js';
import { UserError } from '../errors.js';
import { identityOf } from '../speakers/model-identity.js';
import type { ModelRunOptions, OpenedModel } from './open-model.js';

/**
 * Opens a file of `voxloop export` with onnxruntime; `folder` is that of the network it stands for, if any.
 * @throws UserError when it is of another model than the folder, when onnxruntime is missing, and for a GPU
 */
export async function openExport(
  file: string,
  folder: string | undefined,
  { device, threads = 0 }: ModelRunOptions,
): Promise<OpenedModel> {
  if (device === 'gpu') {
    throw new UserError(
      `${file} runs in onnxruntime, on the CPU: leave --device gpu out, or name the folder of the model.`,
    );
  }
  const model = readOnnxModel(file);
  if (folder !== undefined && identityOf(readModel(folder)).digest !== model.exportedFrom) {
    throw new UserError(
      `${file} was exported from another model than the one in ${folder}. Export that again: voxloop export ${folder}`,
    );
  }
  return { model, ...(await openOnnxExtractor(model, threads)) };
}
