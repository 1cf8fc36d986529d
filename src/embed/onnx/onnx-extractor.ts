import { UserError } from '../../errors.js';
import type { Extractor } from '../extractor.js';
import { graphExtractor } from './graph-extractor.js';
import type { OnnxModel } from './onnx-model.js';
import { openOnnxNetwork } from './onnx-network.js';
import { loadRuntime } from './runtime.js';

/** @throws UserError for a model of another front end, whose features are computed with TensorFlow alone */
export function refuseFrontEnds({ path, info: { features } }: Pick<OnnxModel, 'path' | 'info'>): void {
  if (!features.frontEnd) return;
  throw new UserError(
    `${path}: the features of this network are those of ${features.frontEnd}, and without TensorFlow only Kaldi's are computed. ` +
      'Run the model folder, where TensorFlow is set up (`voxloop setup`).',
  );
}

/**
 * Opens an exported model with onnxruntime. It gives the vectors of the model folder.
 * @param threads of one operation of the network; 0: one per core
 * @throws UserError where onnxruntime is missing or cannot open the file
 */
export async function openOnnxExtractor(
  model: OnnxModel,
  threads: number,
  runtime = loadRuntime(),
): Promise<{ extractor: Extractor; close(): Promise<void> }> {
  refuseFrontEnds(model);
  const { embed, close } = await openOnnxNetwork(runtime, model, threads);
  return { extractor: graphExtractor({ ...model.info, minFrames: model.minFrames }, embed), close };
}
