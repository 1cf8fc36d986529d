import { featureDefinition } from '../../audio/features/features.js';
import { UserError } from '../../errors.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { campplusNames } from '../names/maps-of-wespeaker.js';
import type { Source } from './source.js';

/** PyTorch's smallest step at 1, where the wave lies in [-1, 1], on int16 scale. */
const ENERGY_FLOOR = 2 ** -23 * 2 ** 30;

/** Shape of the layer behind the front, [channels, 32 rows, kernel]; it tells the bins. */
const REDUCE = 'xvector.tdnn.linear.weight';
const EMBEDDING = 'xvector.dense.linear.weight';

/** Whether a checkpoint holds CAM++, of WeSpeaker or 3D-Speaker: their names are the same. */
export const isCampplus = ({ tensors }: Checkpoint): boolean => tensors.has(REDUCE) && tensors.has(EMBEDDING);

/** CAM++ of 3D-Speaker, all of whose settings are in its shapes. @throws UserError for its other networks */
export function threeDSpeakerSource(checkpoint: Checkpoint): Source {
  const { path, tensors } = checkpoint;
  if (!isCampplus(checkpoint))
    throw new UserError(
      `${path}: of 3D-Speaker's networks only CAM++ is read, whose weights are named '${REDUCE}' and so on.`,
    );
  const [width, inputs] = tensors.get(REDUCE)!.shape;
  const [embeddingSize] = tensors.get(EMBEDDING)!.shape;
  const rows = Math.floor(inputs / (width / 4));
  return {
    name: '3D-Speaker CAM++',
    backbone: { name: 'campplus', options: { width, embeddingSize, pooling: { name: 'tstp' } } },
    features: featureDefinition.parse({ bins: 8 * rows, window: 'povey', energyFloor: ENERGY_FLOOR }),
    embeddingSize,
    names: campplusNames(rows),
    licence: "Apache-2.0, 3D-Speaker's",
  };
}
