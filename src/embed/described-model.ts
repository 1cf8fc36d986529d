import type { ModelIdentity } from '../eval/model-identity.js';
import type { ModelInfo } from './model-file.js';

/** What is known of a model that is ready to run, whatever runs it. */
export interface DescribedModel {
  /** The folder where its calibration lies. */
  dir: string;
  info: ModelInfo;
  /** Mean embedding of the training utterances [embeddingSize], when it was computed. */
  mean: Float32Array | null;
  /** By all that scores depend on; for stores and calibrations. */
  identity(): ModelIdentity;
  /** By the weights alone; for back-ends, which bring a mean of their own. */
  weightsIdentity(): ModelIdentity;
  /** The network in whose space its embeddings lie, by its weights: itself, or the teacher whose embeddings it learned to give. */
  space(): ModelIdentity;
}
