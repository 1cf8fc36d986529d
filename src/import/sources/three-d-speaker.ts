import { featureDefinition } from '../../audio/features/features.js';
import { UserError } from '../../errors.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { ALL_STAGES, eres2netNames, LAST_STAGES, type StageFusions } from '../names/maps-of-3d-speaker.js';
import { campplusNames } from '../names/maps-of-wespeaker.js';
import { parseConfig } from './config-file.js';
import type { Source } from './source.js';

/** PyTorch's smallest step at 1, where the wave lies in [-1, 1], on int16 scale. */
const ENERGY_FLOOR = 2 ** -23 * 2 ** 30;

type Network = Pick<Source, 'name' | 'backbone' | 'names' | 'embeddingSize'> & { bins: number };

/** Networks of 3D-Speaker, each by a weight that it alone has. All of their settings are in their shapes. */
const NETWORKS: readonly { name: string; mark: string; read(checkpoint: Checkpoint): Network }[] = [
  { name: 'CAM++', mark: 'xvector.tdnn.linear.weight', read: campplus },
  {
    name: 'ERes2Net',
    mark: 'fuse_mode1234.local_att.0.weight',
    read: (file) => eres2net(file, 'eres2net', ALL_STAGES),
  },
  { name: 'ERes2NetV2', mark: 'fuse34.local_att.0.weight', read: (file) => eres2net(file, 'eres2net-v2', LAST_STAGES) },
];

/** The name of the network that a checkpoint holds; undefined where 3D-Speaker has none with such weights. */
export const threeDSpeakerNetwork = ({ tensors }: Checkpoint): string | undefined =>
  NETWORKS.find(({ mark }) => tensors.has(mark))?.name;

/** A network of 3D-Speaker. @throws UserError for those that voxloop does not have */
export function threeDSpeakerSource(checkpoint: Checkpoint): Source {
  const network = NETWORKS.find(({ mark }) => checkpoint.tensors.has(mark));
  if (!network) {
    const marks = NETWORKS.map(({ name, mark }) => `${name} ('${mark}')`).join(', ');
    throw new UserError(`${checkpoint.path} holds none of the networks of 3D-Speaker that voxloop reads: ${marks}.`);
  }
  const { bins, ...read } = network.read(checkpoint);
  return {
    ...read,
    features: parseConfig(checkpoint.path, featureDefinition, { bins, window: 'povey', energyFloor: ENERGY_FLOOR }),
    licence: "Apache-2.0, 3D-Speaker's",
  };
}

/** Sizes of a weight's axes. @throws UserError where it is missing or has fewer axes */
function sizesOf({ path, tensors }: Checkpoint, name: string): readonly number[] {
  const shape = tensors.get(name)?.shape ?? [];
  if (shape.length > 1 && !shape.includes(0)) return shape;
  throw new UserError(`${path}: tensor ${name}, which tells the size of the network, is [${shape}].`);
}

function campplus(checkpoint: Checkpoint): Network {
  const [width, inputs] = sizesOf(checkpoint, 'xvector.tdnn.linear.weight');
  const [embeddingSize] = sizesOf(checkpoint, 'xvector.dense.linear.weight');
  const rows = Math.max(1, Math.floor(inputs / (width / 4)));
  return {
    name: '3D-Speaker CAM++',
    // A deviation without a floor.
    backbone: { name: 'campplus', options: { width, embeddingSize, pooling: { name: 'tstp', epsilon: 1e-12 } } },
    embeddingSize,
    bins: 8 * rows,
    names: campplusNames(rows),
  };
}

function eres2net(checkpoint: Checkpoint, backbone: string, fusions: StageFusions): Network {
  const [width] = sizesOf(checkpoint, 'conv1.weight');
  const [group] = sizesOf(checkpoint, 'layer1.0.convs.0.weight');
  const [outputs] = sizesOf(checkpoint, 'layer1.0.conv3.weight');
  const [embeddingSize, statistics] = sizesOf(checkpoint, 'seg_1.weight');
  let groups = 0;
  while (checkpoint.tensors.has(`layer1.0.convs.${groups}.weight`)) groups++;
  const rows = Math.max(1, Math.floor(statistics / (2 * 8 * outputs)));
  const options = {
    width,
    groupWidth: Math.ceil((64 * group) / width),
    groups,
    expansion: Math.max(1, Math.floor(outputs / width)),
    embeddingSize,
    pooling: { name: 'tstp', epsilon: 1e-8 },
  };
  return {
    name: `3D-Speaker ${fusions === LAST_STAGES ? 'ERes2NetV2' : 'ERes2Net'}`,
    backbone: { name: backbone, options },
    embeddingSize,
    bins: 8 * rows,
    names: eres2netNames(rows, groups, fusions),
  };
}
