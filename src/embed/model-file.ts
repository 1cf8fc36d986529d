import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../audio/features/feature-definition.js';
import { messageOf, UserError } from '../errors.js';
import { modelIdentity } from '../eval/model-identity.js';
import { toFloat32 } from '../float-types.js';
import { float32, type HostTensor, sizeOf } from '../host-tensor.js';
import { readSafetensors, writeSafetensors } from '../io/safetensors.js';
import { BITS, fixedValues, methods } from './quantize/codebook.js';
import { type PackedTensor, unpackTensor } from './quantize/packed-tensor.js';

const network = {
  /** The method and network that it is from, for people. */
  origin: z.string(),
  backbone: z.strictObject({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  features: featureDefinition,
  embeddingSize: z.number().int().positive(),
};

/** The schema of a model's description. */
export const modelInfo = z.strictObject({
  format: z.literal('voxloop-model-1'),
  ...network,
  /** The networks that it was distilled from. */
  teachers: z.array(z.strictObject(network)).optional(),
  /** By its weights, the network whose embeddings it learned to give, so that both can be compared. Absent: it has a space of its own. */
  space: modelIdentity.optional(),
  /** How its weights were rounded to a few values; `kept` were not. */
  quantized: z
    .strictObject({
      method: z.enum(methods),
      bits: z.number(),
      scales: z.enum(['channel', 'layer']),
      kept: z.array(z.string()),
    })
    .optional(),
  /**
   * What it hears of a recording: `levelled`, as voxloop trains (the default), `unchanged`, as published models do, or `raised`, as
   * Resemblyzer does.
   */
  hearing: z.enum(['levelled', 'unchanged', 'raised']).optional(),
  /** Of the domains whose batch normalisations it was trained with, the one whose it has. Absent: there was one. */
  domain: z.enum(['source', 'target']).optional(),
  /** What the weights may be used for, of a model from elsewhere. */
  licence: z.string().optional(),
});

/** The description of a model that is needed to run it: its backbone, its features, and its origin. */
export type ModelInfo = z.output<typeof modelInfo>;

/** A model as it lies on disk. */
export interface Model {
  dir: string;
  info: ModelInfo;
  /** The backbone's variables, named below its scope; float32 whatever floating-point type the file holds. */
  weights: Record<string, HostTensor>;
  /** Mean embedding of the training utterances [embeddingSize], when it was computed. */
  mean: Float32Array | null;
  /** Those of the weights that the file holds in a few bits, as it holds them. */
  packed?: Record<string, PackedTensor>;
}

/** The file of a model folder. */
export const MODEL_FILE = 'model.safetensors';
const MEAN = 'mean-embedding';
const WEIGHT = 'backbone/';
const PACKED = 'packed/';

/** Refuses to write a model where one is. @throws UserError when the folder holds a model */
export function refuseModel(dir: string): void {
  if (existsSync(join(dir, MODEL_FILE)))
    throw new UserError(`${dir} holds a model already (${MODEL_FILE}). Name another folder, or delete it.`);
}

/** Shape and kind of every packed weight, by name. */
const packedShapes = z.record(
  z.string(),
  z.strictObject({ shape: z.array(z.number()), method: z.enum(methods), bits: z.literal(BITS) }),
);

/** Writes DIR/model.safetensors: weights, mean and description in one file, whole or not at all; `packed` weights in their bits and not in full. */
export function writeModel(
  dir: string,
  info: Omit<ModelInfo, 'format'>,
  weights: Model['weights'],
  mean: Model['mean'] = null,
  packed: Record<string, PackedTensor> = {},
): void {
  const full = Object.entries(weights).filter(([name]) => !(name in packed));
  const tensors = Object.fromEntries(full.map(([name, tensor]) => [WEIGHT + name, tensor]));
  if (mean) tensors[MEAN] = float32(mean);
  for (const [name, { method, codes, values, scales }] of Object.entries(packed)) {
    tensors[`${PACKED}${name}/codes`] = { dtype: 'uint8', shape: [codes.length], data: codes };
    if (method === 'k-means') tensors[`${PACKED}${name}/values`] = float32(values);
    tensors[`${PACKED}${name}/scales`] = float32(scales);
  }
  const description = JSON.stringify({ format: 'voxloop-model-1', ...info });
  const shapes = Object.fromEntries(
    Object.entries(packed).map(([name, { shape, method, bits }]) => [name, { shape, method, bits }]),
  );
  writeSafetensors(join(dir, MODEL_FILE), tensors, {
    voxloop: description,
    ...(Object.keys(packed).length > 0 && { packed: JSON.stringify(shapes) }),
  });
}

/** The model folders of a run, or of a stage of it, in the order of their names. */
export function modelsBelow(dir: string): string[] {
  const stages = join(dir, 'stages');
  const names = existsSync(join(stages, '.')) ? readdirSync(stages).sort() : [];
  const folders = [join(dir, 'model')].concat(names.map((name) => join(stages, name, 'model')));
  return folders.filter((folder) => existsSync(join(folder, MODEL_FILE)));
}

/** What to name in the place of a folder that holds no model. */
export function whereModelsAre(dir: string): string {
  const below = modelsBelow(dir);
  if (below.length === 0) return 'A run writes one to RUN/stages/<name>/model.';
  return `Name ${below.join(' or ')}.`;
}

/** Reads a model folder. @throws UserError for a folder without a model, and for a file that is cut short */
export function readModel(dir: string): Model {
  const path = join(dir, MODEL_FILE);
  if (!existsSync(path)) {
    throw new UserError(`${dir} holds no model (${MODEL_FILE} is missing). ${whereModelsAre(dir)}`);
  }
  const { tensors, metadata } = readSafetensors(path);
  const weights: Model['weights'] = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(WEIGHT)) weights[name.slice(WEIGHT.length)] = toFloat32(tensor);
  }
  const packed = packedOf(path, tensors, metadata.packed);
  for (const [name, tensor] of Object.entries(packed)) weights[name] = unpackTensor(tensor);
  const mean = tensors[MEAN] && toFloat32(tensors[MEAN]).data;
  return {
    dir,
    info: parseInfo(path, metadata.voxloop),
    weights,
    mean: mean instanceof Float32Array ? mean : null,
    ...(metadata.packed !== undefined && { packed }),
  };
}

/** The packed weights of a file. @throws UserError where a part is missing, or of another size */
function packedOf(
  path: string,
  tensors: Record<string, HostTensor>,
  text: string | undefined,
): Record<string, PackedTensor> {
  if (text === undefined) return {};
  return Object.fromEntries(
    Object.entries(parsed(path, packedShapes, text)).map(([name, { shape, method, bits }]) => {
      const part = (kind: string) => tensors[`${PACKED}${name}/${kind}`]?.data;
      const [codes, scales] = [part('codes'), part('scales')];
      const values = method === 'k-means' ? part('values') : fixedValues(method, bits);
      const complete = codes instanceof Uint8Array && values instanceof Float32Array && scales instanceof Float32Array;
      if (!complete || codes.length !== Math.ceil((sizeOf(shape) * bits) / 8) || values.length > 2 ** bits)
        throw new UserError(`${path}: the packed weight '${name}' is incomplete. Quantize the model again.`);
      return [name, { shape, method, bits, codes, values, scales }];
    }),
  );
}

const parseInfo = (path: string, text: string | undefined): ModelInfo => parsed(path, modelInfo, text ?? '');

function parsed<Value>(path: string, schema: z.ZodType<Value>, text: string): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError(`${path} is not a model this version of voxloop reads: ${reason}`);
  }
}
