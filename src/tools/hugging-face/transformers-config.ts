import { type FeatureDefinition, featureDefinition } from '../../audio/features/feature-definition.js';
import type { ModelInfo } from '../../embed/model-file.js';

/** What transformers.js asks for beside the graph, by file. */
export type TransformersConfig = Record<'config.json' | 'preprocessor_config.json', Record<string, unknown>>;

/**
 * The settings with which transformers.js computes a model's features and runs its graph; its class for speaker networks takes any of them.
 * Or why it cannot: its WeSpeakerFeatureExtractor computes Kaldi's filter banks with the window and the lengths that are usual in the field.
 */
export function transformersConfig(
  { features, embeddingSize }: Pick<ModelInfo, 'features' | 'embeddingSize'>,
  minFrames: number,
): TransformersConfig | { unfit: string } {
  const other = otherSettings(features);
  if (other.length > 0) return { unfit: `its features are computed with ${other.join(', ')}` };
  return {
    'config.json': {
      architectures: ['WeSpeakerResNetModel'],
      model_type: 'wespeaker-resnet',
      hidden_size: embeddingSize,
    },
    'preprocessor_config.json': {
      feature_extractor_type: 'WeSpeakerFeatureExtractor',
      sampling_rate: features.sampleRateHz,
      num_mel_bins: features.bins,
      min_num_frames: minFrames,
      // Null is the mean over the recording; what is left out is no mean.
      ...(features.cmn && { fbank_centering_span: null }),
    },
  };
}

/** Settings of features that the extractor has not, as `window povey`. */
function otherSettings(features: FeatureDefinition): string[] {
  const { bins, cmn, dither } = features;
  const usual = featureDefinition.parse({ bins, cmn, dither });
  const names = Object.keys({ ...usual, ...features }) as (keyof FeatureDefinition)[];
  return names.filter((name) => features[name] !== usual[name]).map((name) => `${name} ${features[name]}`);
}
