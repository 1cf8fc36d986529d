import { featureDefinition } from '../../audio/features/features.js';
import { UserError } from '../../errors.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { resemblyzerNames } from '../names/maps-of-resemblyzer.js';
import { parseConfig } from './config-file.js';
import type { Source } from './source.js';

const layerWeight = (layer: number) => `lstm.weight_hh_l${layer - 1}`;

/** Whether a checkpoint is one of Resemblyzer's encoder. */
export const isResemblyzer = ({ tensors }: Checkpoint): boolean =>
  tensors.has(layerWeight(1)) && tensors.has('similarity_weight') && tensors.has('linear.weight');

/** Resemblyzer's encoder, whose sizes are those of its weights. @throws UserError where they are missing */
export function resemblyzerSource(checkpoint: Checkpoint): Source {
  const { path, tensors } = checkpoint;
  const shapeOf = (name: string): readonly number[] => {
    const shape = tensors.get(name)?.shape ?? [];
    if (shape.length === 2 && !shape.includes(0)) return shape;
    throw new UserError(`${path}: tensor ${name}, which tells the size of Resemblyzer's encoder, is [${shape}].`);
  };
  let layers = 1;
  while (tensors.has(layerWeight(layers + 1))) layers++;
  const [, width] = shapeOf(layerWeight(1));
  const [, bins] = shapeOf('lstm.weight_ih_l0');
  const [embeddingSize] = shapeOf('linear.weight');
  return {
    name: 'Resemblyzer VoiceEncoder',
    backbone: { name: 'dvector', options: { width, layers, embeddingSize } },
    features: parseConfig(path, featureDefinition, {
      frontEnd: 'librosa',
      bins,
      window: 'hann',
      preEmphasis: 0,
      removeDcOffset: false,
      lowHz: 0,
      cmn: false,
    }),
    embeddingSize,
    hearing: 'raised',
    names: resemblyzerNames(layers),
    licence: "Apache-2.0, Resemblyzer's",
  };
}
