import type { FeatureDefinition } from '../audio/features/features.js';

/** What the metadata of an exported model say. */
export interface Described {
  embeddingSize: number;
  features: FeatureDefinition;
  /** Fewer frames have no embedding. */
  minFrames?: number;
  /** The language that it was trained on; for people. */
  language: string;
}

/**
 * The metadata that sherpa-onnx asks for. It knows the frameworks 'wespeaker', '3d-speaker' and 'nemo' only, and subtracts the mean of
 * the features only where it is told to; it computes Kaldi's, so a network that wants others is none for it. `features` and `min_frames`
 * are voxloop's own: how the features are computed, and how many the graph needs.
 */
export function metadataOf({ embeddingSize, features, language, minFrames = 1 }: Described): Record<string, string> {
  return {
    ...(!features.frontEnd && { framework: 'wespeaker' }),
    language,
    output_dim: String(embeddingSize),
    sample_rate: String(features.sampleRateHz),
    normalize_samples: '0',
    ...(features.cmn && { feature_normalize_type: 'global-mean' }),
    features: JSON.stringify(features),
    min_frames: String(minFrames),
  };
}
