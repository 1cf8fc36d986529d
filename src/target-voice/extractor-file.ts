import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.js';
import { modelIdentity } from '../eval/model-identity.js';
import { toFloat32 } from '../float-types.js';
import { float32, type HostTensor } from '../host-tensor.js';
import { readSafetensors, writeSafetensors } from '../io/safetensors.js';
import type { MaskBlock, MaskLayer, VoiceMask } from './host-mask.js';
import { BINS, blockInputs, blockName, KERNEL, type VoiceMaskShape, voiceMaskShape } from './shape.js';

/** The file of an extractor in its folder. */
export const EXTRACTOR_FILE = 'target-voice.safetensors';

const description = z.strictObject({
  format: z.literal('voxloop-target-voice-1'),
  ...voiceMaskShape.shape,
  embeddingSize: z.number().int().positive(),
  /** The model whose embeddings it follows, by its weights. */
  model: modelIdentity,
});

/** An extractor of one voice, trained on the embeddings of one model. */
export interface TargetExtractor {
  network: VoiceMask;
  /** The model whose embeddings it follows, by its weights. */
  model: z.output<typeof modelIdentity>;
  /** Mean embedding that is subtracted before, [embeddingSize]. */
  mean: Float32Array;
}

/** Writes an extractor: every layer's weights, as the network names them, and the mean embedding. */
export function writeTargetExtractor(
  dir: string,
  { shape, model, mean }: Pick<TargetExtractor, 'model' | 'mean'> & { shape: VoiceMaskShape },
  weights: Record<string, HostTensor>,
): void {
  const about = { format: 'voxloop-target-voice-1', ...shape, model };
  writeSafetensors(join(dir, EXTRACTOR_FILE), { ...weights, mean: float32(mean) }, { voxloop: JSON.stringify(about) });
}

/**
 * Reads an extractor: its file, or the folder of the stage that trained it.
 * @throws UserError for one that is missing, of another kind, or incomplete
 */
export function readTargetExtractor(at: string): TargetExtractor {
  const path = at.endsWith('.safetensors') ? at : join(at, EXTRACTOR_FILE);
  if (!existsSync(path))
    throw new UserError(
      `${path} is not there. A stage \`extract-target\` writes RUN/stages/<name>/${EXTRACTOR_FILE}; name that folder.`,
    );
  const { tensors, metadata } = readSafetensors(path);
  const { format: _, model, ...shape } = parsed(path, metadata.voxloop);
  const take = (name: string, size: number): Float32Array => {
    const data = tensors[name] && toFloat32(tensors[name]).data;
    if (data instanceof Float32Array && data.length === size) return data;
    throw new UserError(`${path}: ${name} is missing or has not ${size} numbers. Train the extractor again.`);
  };
  return { network: networkOf(shape, take), model, mean: take('mean', shape.embeddingSize) };
}

type Take = (name: string, size: number) => Float32Array;

function networkOf(shape: VoiceMaskShape, take: Take): VoiceMask {
  const { width, blocks, conditioning, embeddingSize } = shape;
  const map = (name: string, inputs: number, outputs: number) => ({
    weight: take(`${name}/weight`, inputs * outputs),
    bias: take(`${name}/bias`, outputs),
  });
  const layer = (name: string, inputs: number): MaskLayer => ({
    ...map(name, inputs, width),
    scale: take(`${name}/scale`, width),
    offset: take(`${name}/offset`, width),
  });
  const film = (name: string) => ({
    scale: map(`${name}/condition/scale`, embeddingSize, width),
    shift: map(`${name}/condition/shift`, embeddingSize, width),
  });
  return {
    shape,
    into: layer('into', BINS),
    blocks: Array.from({ length: blocks }, (_, i): MaskBlock => {
      const name = blockName(i);
      return {
        ...layer(name, KERNEL * blockInputs(shape)),
        ...(conditioning === 'film' && { film: film(name) }),
      };
    }),
    last: map('last', width, BINS),
  };
}

function parsed(path: string, text: string | undefined): z.output<typeof description> {
  try {
    return description.parse(JSON.parse(text ?? ''));
  } catch {
    throw new UserError(
      `${path} is not an extractor of voices that this version of voxloop reads. Train one with a stage \`extract-target\`.`,
    );
  }
}
