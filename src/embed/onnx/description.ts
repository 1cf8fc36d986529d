import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ModelIdentity } from '../../eval/model-identity.js';
import { describeHearing } from '../hearing.js';
import { type Model, modelInfo } from '../model-file.js';
import { modelName } from '../weights-identity.js';

/** The entry of an exported model's metadata that is voxloop's own: all that embedding with it needs besides the graph. */
export const DESCRIPTION_KEY = 'voxloop';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const onnxDescription = z.strictObject({
  format: z.literal('voxloop-onnx-1'),
  model: modelInfo,
  /** What the version that exported it let models hear: another one's embeddings cannot be compared with these. */
  hears: z.string(),
  /** Digests of the model folder that it was made from: of the file, and of the weights alone. */
  digests: z.strictObject({ file: digest, weights: digest }),
  /** Mean embedding of the training utterances, float32 little-endian as base64. */
  mean: z.string().nullable(),
  /** What the graph takes. */
  input: z.enum(['features', 'wave']),
  /** How its large weights are stored. */
  weights: z.enum(['float32', 'float16', 'int8']),
  /** The graph subtracts the mean from its vectors. */
  subtractsMean: z.boolean(),
  /** Frames that the graph takes at least. */
  minFrames: z.number().int().positive(),
});

/** The description of an exported model. */
export type OnnxDescription = z.output<typeof onnxDescription>;

/** How a model was exported. */
export type ExportedAs = Pick<OnnxDescription, 'input' | 'weights' | 'subtractsMean' | 'minFrames'>;

/** The description of a model folder's export. */
export function describeExport(
  { info, mean }: Pick<Model, 'info' | 'mean'>,
  digests: OnnxDescription['digests'],
  exported: ExportedAs,
): string {
  const description: OnnxDescription = {
    format: 'voxloop-onnx-1',
    model: info,
    hears: describeHearing(info),
    digests,
    mean: mean && Buffer.from(mean.buffer, mean.byteOffset, mean.byteLength).toString('base64'),
    ...exported,
  };
  return JSON.stringify(description);
}

/** The mean embedding of a description. [embeddingSize] */
export function meanOf({ mean }: OnnxDescription): Float32Array | null {
  return mean === null ? null : new Float32Array(Uint8Array.from(Buffer.from(mean, 'base64')).buffer);
}

/**
 * The identity of an exported model: that of the model where its weights are kept in full, for its vectors are the same; rounded weights
 * make a model of their own, whose scores a threshold or a store of the other does not fit.
 */
export function exportedIdentity(
  { model, weights, digests }: OnnxDescription,
  kind: keyof OnnxDescription['digests'],
): ModelIdentity {
  const name = modelName(model);
  if (weights === 'float32') return { name, digest: digests[kind] };
  const hash = createHash('sha256').update(`${weights}\n${digests[kind]}`);
  return { name: `${name}, weights in ${weights}`, digest: hash.digest('hex') };
}
