import { existsSync } from 'node:fs';
import { z } from 'zod';
import { featureDefinition } from '../../audio/features/feature-definition.js';
import { UserError } from '../../errors.js';
import { toFloat32 } from '../../float-types.js';
import type { HostTensor } from '../../host-tensor.js';
import { readSafetensors, writeSafetensors } from '../../io/safetensors.js';
import type { HeardLayer, OverlapDetector } from './detector.js';
import { CONTEXTS, layerName } from './layers.js';

/** The file of a detector in its folder. */
export const OVERLAP_FILE = 'overlap.safetensors';

const description = z.strictObject({
  format: z.literal('voxloop-overlap-1'),
  features: featureDefinition,
  width: z.number().int().positive(),
});
type Description = z.output<typeof description>;

/** Writes a detector: weights [1, kernel, inputs, outputs] and bias of every layer and of `last`, scale and offset of all but `last`. */
export function writeOverlapDetector(
  path: string,
  about: Omit<Description, 'format'>,
  weights: Record<string, HostTensor>,
): void {
  writeSafetensors(path, weights, { voxloop: JSON.stringify({ format: 'voxloop-overlap-1', ...about }) });
}

/** @throws UserError for a file that is missing, of another kind, or incomplete */
export function readOverlapDetector(path: string): OverlapDetector {
  if (!existsSync(path))
    throw new UserError(`${path} is not there. A stage \`overlap\` writes RUN/stages/<name>/${OVERLAP_FILE}.`);
  const { tensors, metadata } = readSafetensors(path);
  const { features, width } = parsed(path, metadata.voxloop);
  const take = (name: string, size: number): Float32Array => {
    const data = tensors[name] && toFloat32(tensors[name]).data;
    if (data instanceof Float32Array && data.length === size) return data;
    throw new UserError(`${path}: ${name} is missing or has not ${size} numbers. Train the detector again.`);
  };
  const layers = CONTEXTS.map(({ kernel }, i): HeardLayer => {
    const inputs = i === 0 ? features.bins : width;
    const at = (part: string, size: number) => take(`${layerName(i)}/${part}`, size);
    return {
      weight: at('weight', kernel * inputs * width),
      bias: at('bias', width),
      scale: at('scale', width),
      offset: at('offset', width),
    };
  });
  const last: HeardLayer = { weight: take('last/weight', width), bias: take('last/bias', 1) };
  return { features, layers: layers.concat(last) };
}

function parsed(path: string, text: string | undefined): Description {
  try {
    return description.parse(JSON.parse(text ?? ''));
  } catch {
    throw new UserError(
      `${path} is not a detector of overlapping speech that this version of voxloop reads. Train one with a stage \`overlap\`.`,
    );
  }
}
