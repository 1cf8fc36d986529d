import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../audio/features/features.js';
import { messageOf, UserError } from '../errors.js';
import { float32, type HostTensor } from '../host-tensor.js';
import { readSafetensors, writeSafetensors } from '../io/safetensors.js';

const network = {
  /** The method and network that it is from, for people. */
  origin: z.string(),
  backbone: z.strictObject({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  features: featureDefinition,
  embeddingSize: z.number().int().positive(),
};

const modelInfo = z.strictObject({
  format: z.literal('voxloop-model-1'),
  ...network,
  /** The networks that it was distilled from. */
  teachers: z.array(z.strictObject(network)).optional(),
  /** What it hears of a recording: `levelled`, as voxloop trains (the default), or `unchanged`, as published models do. */
  hearing: z.enum(['levelled', 'unchanged']).optional(),
  /** What the weights may be used for, of a model from elsewhere. */
  licence: z.string().optional(),
});

/** The description of a model that is needed to run it: its backbone, its features, and its origin. */
export type ModelInfo = z.output<typeof modelInfo>;

/** A model as it lies on disk. */
export interface Model {
  dir: string;
  info: ModelInfo;
  /** The backbone's variables, named below its scope. */
  weights: Record<string, HostTensor>;
  /** Mean embedding of the training utterances [embeddingSize], when it was computed. */
  mean: Float32Array | null;
}

/** The file of a model folder. */
export const MODEL_FILE = 'model.safetensors';
const MEAN = 'mean-embedding';
const WEIGHT = 'backbone/';

/** Writes DIR/model.safetensors: weights, mean and description in one file, whole or not at all. */
export function writeModel(
  dir: string,
  info: Omit<ModelInfo, 'format'>,
  weights: Model['weights'],
  mean: Model['mean'] = null,
): void {
  const tensors = Object.fromEntries(Object.entries(weights).map(([name, tensor]) => [WEIGHT + name, tensor]));
  if (mean) tensors[MEAN] = float32(mean);
  const description = JSON.stringify({ format: 'voxloop-model-1', ...info });
  writeSafetensors(join(dir, MODEL_FILE), tensors, { voxloop: description });
}

/** Reads a model folder. @throws UserError for a folder without a model, and for a file that is cut short */
export function readModel(dir: string): Model {
  const path = join(dir, MODEL_FILE);
  if (!existsSync(path)) {
    throw new UserError(
      `${dir} holds no model (${MODEL_FILE} is missing). A run writes one to RUN/stages/<name>/model.`,
    );
  }
  const { tensors, metadata } = readSafetensors(path);
  const weights: Model['weights'] = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(WEIGHT)) weights[name.slice(WEIGHT.length)] = tensor;
  }
  const mean = tensors[MEAN]?.data;
  return { dir, info: parseInfo(path, metadata.voxloop), weights, mean: mean instanceof Float32Array ? mean : null };
}

function parseInfo(path: string, text: string | undefined): ModelInfo {
  try {
    return modelInfo.parse(JSON.parse(text ?? ''));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError(`${path} is not a model this version of voxloop reads: ${reason}`);
  }
}
