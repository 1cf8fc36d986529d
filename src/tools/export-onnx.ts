import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ONNX_FILE } from '../embed/onnx/onnx-model.js';
import { UserError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { isFolder, makeFolder } from '../io/folder.js';
import type { WeightType } from '../onnx/narrow-weights.js';
import type { PortNames } from '../onnx/network-to-onnx.js';
import { readCalibration, writeCalibration } from '../speakers/calibration.js';
import { identityOf } from '../speakers/model-identity.js';
import { writerOf } from './onnx-of-model.js';
import { readNetwork } from './open-network.js';

/** Names of inputs and outputs, as the programs that run the file look for them. */
export const PORT_NAMES = {
  wespeaker: { input: 'feats', output: 'embs' },
  transformers: { input: 'input_features', output: 'last_hidden_state' },
} as const satisfies Record<string, PortNames>;

export interface OnnxOptions {
  /** Default 'wespeaker': feats and embs. */
  names?: keyof typeof PORT_NAMES;
  /** Mean-subtracted features on int16 scale, or samples from -1 to 1, whose input is called `wave`. Default 'features'. */
  input?: 'features' | 'wave';
  /** How large weights are stored. Default 'float32'. */
  weights?: WeightType;
  /** Subtract the mean embedding of the training utterances, as the speaker tools do. Default false. */
  subtractMean?: boolean;
  /** Language of the metadata. Default 'unknown'. */
  language?: string;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: string[];
  threads?: number;
  progress?: (done: number, total: number) => void;
}

/** What was exported. */
export interface OnnxSummary {
  file: string;
  bytes: number;
  nodes: number;
  input: { name: string; shape: (number | string)[] };
  output: { name: string; shape: (number | string)[] };
}

/**
 * Writes the network of a model folder as an ONNX file for batches and recordings of any size.
 * @param out the file; or a folder, there or ending in a slash, that gets `model.onnx` and the model's calibration. Default: the
 * model's own folder
 * @throws UserError when the folder holds no model, when an operation has no translation to ONNX, where `subtractMean` finds no mean, and
 * for a `model.onnx` in the model's own folder with other weights, input or output
 */
export async function exportOnnx(dir: string, out = dir, options: OnnxOptions = {}): Promise<OnnxSummary> {
  const { input = 'features', weights = 'float32', subtractMean } = options;
  const { model, build } = await readNetwork(dir, options.plugin ?? []);
  if (subtractMean && !model.mean) throw new UserError(`${dir} holds no mean embedding to subtract.`);
  const { embeddingSize, features } = model.info;
  const ports = PORT_NAMES[options.names ?? 'wespeaker'];
  const names = input === 'wave' ? { ...ports, input: 'wave' } : ports;
  const { file, folder, isTwin } = placeOf(dir, out);
  if (isTwin) refuseOtherTwins(file, options);
  // Rounded weights give other scores than those that were calibrated.
  const calibration = folder && !isTwin && weights === 'float32' ? readCalibration(dir, identityOf(model)) : null;
  const { write } = await writerOf({ model, build }, { ...options, names, input });
  const { pieces, bytes, nodes } = write(weights);
  if (folder) makeFolder(folder);
  writeFileAtomic(file, ...pieces);
  if (folder && calibration) writeCalibration(folder, calibration);
  const shape = input === 'wave' ? ['B', 'samples'] : ['B', 'T', features.bins];
  return {
    file,
    bytes,
    nodes,
    input: { name: names.input, shape },
    output: { name: names.output, shape: ['B', embeddingSize] },
  };
}

/** Where an export goes: the file, the folder when one was named, and whether it will run in place of the network in the model's folder. */
function placeOf(dir: string, out: string): { file: string; folder?: string; isTwin: boolean } {
  const intoFolder = /[\\/]$/.test(out) || isFolder(out);
  const file = intoFolder ? join(out, ONNX_FILE) : out;
  const isBeside = existsSync(dirname(file)) && realpathSync(dirname(file)) === realpathSync(dir);
  return { file, folder: intoFolder ? out : undefined, isTwin: isBeside && basename(file) === ONNX_FILE };
}

function refuseOtherTwins(file: string, { input = 'features', weights = 'float32', subtractMean }: OnnxOptions): void {
  const other = input === 'wave' ? '--input wave' : subtractMean ? '--subtract-mean' : `--weights ${weights}`;
  if (other === '--weights float32') return;
  throw new UserError(
    `${file} runs in place of the network beside it, and ${other} makes a model that does not give the same. Name another file or folder with --out.`,
  );
}
