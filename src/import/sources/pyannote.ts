import { featureDefinition } from '../../audio/features/features.js';
import { UserError } from '../../errors.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { resnetNames } from '../names/maps-of-wespeaker.js';
import { parseConfig } from './config-file.js';
import type { Source } from './source.js';

const CHECKPOINT = 'pyannote.audio';
const classOf = ({ note }: Checkpoint) => note(CHECKPOINT, 'architecture', 'class');

/** Whether a checkpoint is one of pyannote.audio. */
export const isPyannote = (checkpoint: Checkpoint): boolean => typeof classOf(checkpoint) === 'string';

/** pyannote.audio's wrapper around WeSpeaker's ResNets. @throws UserError for its other models, and settings that voxloop does not have */
export function pyannoteSource(checkpoint: Checkpoint): Source {
  const { path } = checkpoint;
  const name = classOf(checkpoint);
  const depth = /^WeSpeakerResNet(34|152|221|293)$/.exec(String(name))?.[1];
  if (!depth)
    throw new UserError(
      `${path} holds pyannote.audio's '${name}'. Only its WeSpeakerResNet34, 152, 221 and 293 are speaker networks that voxloop reads.`,
    );
  const setting = (key: string, usual: unknown): unknown => checkpoint.note('hyper_parameters', key) ?? usual;
  for (const [key, only] of [
    ['fbank_centering_span', null],
    ['sample_rate', 16000],
    ['num_channels', 1],
    ['use_energy', false],
    ['snip_edges', true],
  ] as const) {
    const value = setting(key, only);
    if (value !== only) throw new UserError(`${path}: its ${key} is ${value}, and only ${only} is supported.`);
  }
  // Its own dither is for inference, where voxloop has none: training takes the usual one.
  const features = parseConfig(path, featureDefinition, {
    bins: setting('num_mel_bins', 80),
    frameLengthMs: setting('frame_length', 25),
    frameShiftMs: setting('frame_shift', 10),
    window: setting('window_type', 'hamming'),
  });
  const width = checkpoint.tensors.get('resnet.conv1.weight')?.shape[0];
  const embeddingSize = checkpoint.tensors.get('resnet.seg_1.weight')?.shape[0] ?? 256;
  return {
    name: `pyannote.audio ${name}`,
    // Its deviation has no floor.
    backbone: {
      name: `resnet${depth}`,
      options: { ...(width && { width }), embeddingSize, pooling: { name: 'tstp', epsilon: 1e-12 } },
    },
    features,
    embeddingSize,
    names: resnetNames(Math.ceil(features.bins / 8)),
    prefix: 'resnet.',
    licence: 'that of the training data, CC BY 4.0 for VoxCeleb',
  };
}
