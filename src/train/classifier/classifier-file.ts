import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../../errors.js';
import type { HostTensor } from '../../host-tensor.js';
import { readSafetensors, writeSafetensors } from '../../io/safetensors.js';

const classifierInfo = z.strictObject({
  format: z.literal('voxloop-classifier-1'),
  /** Name of its loss. */
  loss: z.string(),
  /** The loss's options, as a recipe writes them; missing in older files. */
  options: z.record(z.string(), z.unknown()).optional(),
  /** Speakers or clusters, each once. */
  speakers: z.number().int().positive(),
  /** Speeds at which each speaker is a class of its own. */
  speeds: z.number().int().positive(),
});
type ClassifierInfo = z.output<typeof classifierInfo>;

/** The variables that a classification loss learned beside the network; a training may continue with them. */
export interface Classifier {
  dir: string;
  info: Omit<ClassifierInfo, 'format'>;
  /** The loss's variables, named below its scope. */
  weights: Record<string, HostTensor>;
}

const FILE = 'classifier.safetensors';

/** Writes DIR/classifier.safetensors, whole or not at all. */
export function writeClassifier({ dir, info, weights }: Classifier): void {
  const description: ClassifierInfo = { format: 'voxloop-classifier-1', ...info };
  writeSafetensors(join(dir, FILE), weights, { voxloop: JSON.stringify(description) });
}

/** Reads the classifier beside a model; throws UserError, which ends with what to do instead, when there is none. */
export function readClassifier(dir: string, instead = 'Give classifier: new.'): Classifier {
  const path = join(dir, FILE);
  if (!existsSync(path))
    throw new UserError(`${dir} holds no classifier (${FILE} is missing): a finetune stage leaves one. ${instead}`);
  const { tensors, metadata } = readSafetensors(path);
  try {
    const { format: _, ...info } = classifierInfo.parse(JSON.parse(metadata.voxloop ?? ''));
    return { dir, info, weights: tensors };
  } catch (error) {
    throw new UserError(`${path} is not a classifier this version of voxloop reads: ${messageOf(error)}`);
  }
}
