import type { DescribedModel } from '../embed/described-model.js';
import type { Extractor } from '../embed/extractor.js';
import { RUNTIME_INSTALL } from '../embed/onnx/runtime.js';
import { packagedModel } from '../embed/packaged-model.js';
import { locateLibrary } from '../engine/library/locate.js';
import { shellWord, UserError } from '../errors.js';
import { filesOfModel } from './describe-model.js';

/** The device and plugins that a model runs with. */
export interface ModelRunOptions {
  /** Of TensorFlow; onnxruntime computes on the CPU. */
  device?: 'auto' | 'cpu' | 'gpu';
  /** Threads of one operation; 0: all cores. */
  threads?: number;
  /** Files of plugins that the model's backbone comes from; an exported model needs none. */
  plugin?: string[];
}

/** A model on a device. */
export interface OpenedModel {
  model: DescribedModel;
  extractor: Extractor;
  /** Frees the device's memory. */
  close(): Promise<void>;
}

/**
 * Opens a model: a folder, with TensorFlow; a file of `voxloop export`, with onnxruntime. Where TensorFlow is not set up, a folder's own
 * export is opened. Only what runs the model is loaded. Without a path it is the model that comes with voxloop.
 * @throws UserError when there is no model, when what runs it is missing, or the device cannot be used
 */
export async function openModel(path = packagedModel(), options: ModelRunOptions = {}): Promise<OpenedModel> {
  const { network, onnx } = filesOfModel(path);
  const lacking = network === undefined || options.device === 'gpu' ? null : lackingTensorflow();
  if (network !== undefined && lacking === null) {
    const { openNetwork } = await import('./open-network.js');
    return openNetwork(network, options);
  }
  if (onnx === undefined) {
    throw new UserError(
      `${lacking}. Without it the model runs as an ONNX file: \`voxloop export ${shellWord(path)}\`, on a machine where TensorFlow is set up, writes one ` +
        `beside it, and \`${RUNTIME_INSTALL}\` brings what runs it here.`,
    );
  }
  const { openExport } = await import('./open-export.js');
  return openExport(onnx, network, options);
}

/** Why a model folder cannot run; null where it can. A library that the user names, and is not there, is an error of its own. */
function lackingTensorflow(): string | null {
  try {
    locateLibrary();
    return null;
  } catch (error) {
    if (!(error instanceof UserError) || process.env.VOXLOOP_TENSORFLOW) throw error;
    return error.message;
  }
}
