import { type Tensor, tf } from '../../engine/tf.js';
import { denseLayer } from '../dense.js';
import type { Scope } from '../scope.js';

/** Sizes of a fusion of two embeddings. */
export interface AttentionFusionOptions {
  /** Numbers of the voice's embedding. */
  voice: number;
  /** Numbers of the face's embedding. */
  face: number;
  /** Numbers of the fused one. */
  size: number;
}

/** Embeddings of voice and face in one. */
export interface Fused {
  /** [batch, size] */
  embedding: Tensor;
  /** The face's share of it; 0 where there is none. // [batch] */
  faceShare: Tensor;
}

/** A score that no other is below. */
const NEVER = -1e9;

/**
 * Fuses two embeddings by soft attention: a score for each of them from both together, and the sum of their linear maps, weighted by the
 * softmax of the scores (Shon, Oh and Glass, "Noise-tolerant Audio-visual Online Person Verification using an Attention-based Neural Network
 * Fusion", 2019, arXiv:1811.10813). Where the face is missing, the voice alone is mapped, whatever stands in the face's place.
 * @returns (voice [batch, voice], face [batch, face], present [batch]: 1 where there is a face, else 0)
 */
export function attentionFusion(
  scope: Scope,
  { voice: voiceSize, face: faceSize, size }: AttentionFusionOptions,
): (voice: Tensor, face: Tensor, present: Tensor) => Fused {
  const score = denseLayer(scope.child('score'), { inputs: voiceSize + faceSize, outputs: 2 });
  const mapVoice = denseLayer(scope.child('voice'), { inputs: voiceSize, outputs: size });
  const mapFace = denseLayer(scope.child('face'), { inputs: faceSize, outputs: size });
  return (voice, face, present) => {
    const there = tf.expandDims(present, 1);
    const seen = tf.mul(face, there);
    const missing = tf.concat([tf.zerosLike(there), tf.mul(tf.sub(1, there), NEVER)], 1);
    const shares = tf.softmax(tf.add(score(tf.concat([voice, seen], 1)), missing)) as Tensor;
    const [ofVoice, ofFace] = tf.split(shares, 2, 1);
    const embedding: Tensor = tf.add(tf.mul(mapVoice(voice), ofVoice), tf.mul(mapFace(seen), ofFace));
    return { embedding, faceShare: tf.squeeze(ofFace, [1]) };
  };
}
