import { z } from 'zod';
import { saveWeights } from '../../embed/extract.js';
import { type ModelInfo, writeModel } from '../../embed/model-file.js';
import { methods } from '../../embed/quantize/codebook.js';
import { packingFaults } from '../../embed/quantize/packing.js';
import type { Session } from '../../engine/session/session.js';
import type { HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';
import type { TrainedBits } from '../../train/quantize/trained-bits.js';

/** The option `quantize` of trainings whose network can be trained in a few bits. */
export const quantizeOption = z
  .strictObject({
    bits: z.number().int().describe('of a weight: 8, 4, 2 or 1'),
    method: z
      .enum(methods)
      .optional()
      .describe('how its values are chosen, as of `voxloop quantize`; default: linear, at 2 bits ternary, at 1 binary'),
    scales: z.enum(['channel', 'layer']).default('channel').describe('a scale for every channel, or for the layer'),
    keepEnds: z.boolean().default(false).describe('leave the first layer and the last one as they are'),
  })
  .optional()
  .describe(
    'train the convolutions and linear layers of the network in so few bits: forward passes see rounded weights, whose gradients go straight ' +
      'through to full ones, and the model is written in these bits',
  );
export type QuantizeOption = z.output<typeof quantizeOption>;

/** Faults of bits that nothing reads, a method without them, and of parts that do not move while scales would. */
export function quantizeFaults({ quantize, freeze }: { quantize?: QuantizeOption; freeze?: unknown }): string[] {
  if (!quantize) return [];
  const frozen = freeze ? ['quantize: frozen parts cannot be trained in bits. Leave `freeze` or `quantize` out.'] : [];
  return packingFaults(quantize, 'quantize.').concat(frozen);
}

/** A trained network to write. */
export interface TrainedNetwork {
  scope: Scope;
  info: Omit<ModelInfo, 'format' | 'quantized'>;
  /** The mean that is the result, by names of variables. */
  averaged?: Record<string, HostTensor>;
  bits?: TrainedBits;
}

/** Writes a trained network: averaged, or as it is; in the bits that it was trained in. */
export async function writeTrained(
  session: Session,
  dir: string,
  { scope, info, averaged, bits }: TrainedNetwork,
): Promise<void> {
  const weights = await saveWeights(session, scope, averaged);
  if (!bits) return writeModel(dir, info, weights);
  // What is packed is what the graph would compute with.
  if (averaged) await session.load(averaged);
  const { packed, packing, kept } = await bits.pack();
  writeModel(dir, { ...info, quantized: { ...packing, kept } }, weights, null, packed);
}
