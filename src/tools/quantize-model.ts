import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MODEL_FILE, writeModel } from '../embed/model-file.js';
import { BITS, BITS_OF, type Bits, type QuantizeMethod, USUAL } from '../embed/quantize/codebook.js';
import { type PackedTensor, type Packing, packTensor } from '../embed/quantize/packed-tensor.js';
import { UserError } from '../errors.js';
import type { HostTensor } from '../host-tensor.js';
import { countingScope } from '../nn/counting-scope.js';
import { readNetwork } from './open-network.js';

export interface QuantizeOptions {
  /** 8, 4, 2 or 1. */
  bits: number;
  /** Default: linear at 8 and 4 bits, ternary at 2, binary at 1. */
  method?: QuantizeMethod;
  /** Default: channel. */
  scales?: Packing['scales'];
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
  const packing = packingOf(options);
  const { model, build } = await readNetwork(dir, options.plugin ?? []);
  if (existsSync(join(out, MODEL_FILE)))
    throw new UserError(`${out} holds a model already (${MODEL_FILE}). Name another folder, or delete it.`);
  const { scope } = countingScope();
  build(scope);
  const layers = scope.params().flatMap(({ name, shape }) => (shape.length > 1 ? [name] : []));
  const ends = options.keepEnds ? [layers[0], layers.at(-1)!] : [];
  const packed: Record<string, PackedTensor> = {};
  for (const name of layers.filter((layer) => !ends.includes(layer))) {
    const tensor = packTensor(model.weights[name], packing);
    if (bytesOf(tensor) < 4 * model.weights[name].data.length) packed[name] = tensor;
  }
  const names = Object.keys(packed);
  if (names.length === 0) throw nothingSmaller(dir, packing, ends);
  const rest = Object.entries(model.weights).filter(([name]) => !(name in packed));
  const kept = layers.filter((name) => !(name in packed));
  const { format: _, ...info } = model.info;
  writeModel(
    out,
    { ...info, quantized: { ...packing, kept } },
    Object.fromEntries<HostTensor>(rest),
    model.mean,
    packed,
  );
  const size = (folder: string) => statSync(join(folder, MODEL_FILE)).size;
  return { ...packing, packed: names.length, kept, bytesBefore: size(dir), bytes: size(out) };
}

function packingOf({ bits, method, scales = 'channel' }: QuantizeOptions): Packing {
  const known = BITS.find((value) => value === bits);
  if (known === undefined)
    throw new UserError(`--bits ${bits}: codes of ${bits} bits do not fill bytes. Choose ${BITS.join(', ')}.`);
  const chosen = method ?? USUAL[known];
  if (BITS_OF[chosen].includes(known)) return { method: chosen, bits: known, scales };
  const able = BITS.filter((value: Bits) => BITS_OF[chosen].includes(value));
  throw new UserError(
    `--method ${chosen}: it has no codes of ${bits} bit${bits > 1 ? 's' : ''}. Give --bits ${able.join(' or ')}, or another method.`,
  );
}

/** Only the values of k-means are stored. */
const bytesOf = ({ method, codes, values, scales }: PackedTensor): number =>
  codes.byteLength + scales.byteLength + (method === 'k-means' ? values.byteLength : 0);

function nothingSmaller(dir: string, { method, bits }: Packing, ends: readonly string[]): UserError {
  const why = ends.length > 0 ? 'but for its first and last layer, ' : '';
  return new UserError(
    `${dir} would not get smaller: ${why}every layer has fewer numbers than its codes, scales and codebook of ${2 ** bits} values take ` +
      `at ${bits} bits (${method}). Take fewer bits, or leave the model as it is.`,
  );
}
