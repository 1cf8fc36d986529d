import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MODEL_FILE, writeModel } from '../embed/model-file.js';
import { type Packing, packTensor } from '../embed/quantize/packed-tensor.js';
import { nothingSmaller, type PackingChoice, packableLayers, packingOf } from '../embed/quantize/packing.js';
import { UserError } from '../errors.js';
import { countingScope } from '../nn/counting-scope.js';
import { readNetwork } from './open-network.js';

export interface QuantizeOptions extends PackingChoice {
  /** Leaves the first layer and the last one as they are. Default: false. */
  keepEnds?: boolean;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: readonly string[];
}

/** What became of a model. */
export interface QuantizeSummary extends Packing {
  /** Weights that were packed, and those of two dimensions or more that were not. */
  packed: number;
  kept: string[];
  /** Of the file before and after. */
  bytesBefore: number;
  bytes: number;
}

/**
 * Writes a model whose convolutions and linear layers hold codes of a few bits; biases and normalisations stay as they are. It is read
 * as any other, in float32. @throws UserError for bits that nothing reads, a method without them, and a folder that holds a model
 */
export async function quantizeModel(dir: string, out: string, options: QuantizeOptions): Promise<QuantizeSummary> {
  const packing = packingOf(options, '--');
  const { model, build } = await readNetwork(dir, options.plugin ?? []);
  if (existsSync(join(out, MODEL_FILE)))
    throw new UserError(`${out} holds a model already (${MODEL_FILE}). Name another folder, or delete it.`);
  const { scope } = countingScope();
  build(scope);
  const { layers, packed: chosen } = packableLayers(scope.params(), packing, options.keepEnds);
  if (chosen.length === 0) throw nothingSmaller(dir, packing, options.keepEnds === true);
  const packed = Object.fromEntries(chosen.map(({ name }) => [name, packTensor(model.weights[name], packing)]));
  const kept = layers.flatMap(({ name }) => (name in packed ? [] : [name]));
  const { format: _, ...info } = model.info;
  writeModel(out, { ...info, quantized: { ...packing, kept } }, model.weights, model.mean, packed);
  const size = (folder: string) => statSync(join(folder, MODEL_FILE)).size;
  return { ...packing, packed: chosen.length, kept, bytesBefore: size(dir), bytes: size(out) };
}
