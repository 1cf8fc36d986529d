import { features } from '../../audio/features/features.js';
import { loadWeights } from '../../embed/extract.js';
import { heardBatch } from '../../embed/heard-batch.js';
import type { Model } from '../../embed/model-file.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { UserError } from '../../errors.js';
import { float32 } from '../../host-tensor.js';
import type { Backbone } from '../../nn/backbone.js';
import { createScope, type Scope } from '../../nn/scope.js';
import { unit } from '../../nn/statistics.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { FEATURES, layerCam, salientLayers } from './layer-cam.js';

/** The longest recording whose gradients are kept at once. */
const MOST_SECONDS = 60;

/** Where in a recording a score comes from. */
export interface Explanation {
  /** The cosine of the recording's embedding and the reference. */
  score: number;
  layer: string;
  /** What the network hears: log mel energies. // [frames, bins] */
  features: Float32Array;
  frames: number;
  bins: number;
  /** Of the layer, at its own resolution; not negative. // [times, rows] */
  saliency: Float32Array;
  times: number;
  rows: number;
}

/** A network that explains its scores. */
export interface Explainer {
  layers: string[];
  /**
   * Explains the cosine of a recording (16 kHz) with a unit vector.
   * @param layer default: the last map over time and frequency, else the features
   * @throws UserError for a layer that is not there, and a recording of more than a minute
   */
  explain(pcm: Int16Array, reference: Float32Array, layer?: string): Promise<Explanation>;
}

/** Opens a model's network. @param mean is subtracted from the embedding, as where scores are computed; null: none is */
export async function openExplainer(
  session: Session,
  model: Model,
  build: (scope: Scope) => Backbone,
  mean: Float32Array | null,
): Promise<Explainer> {
  const scope = createScope(session, 'model', 0);
  const backbone = build(scope);
  await loadWeights(session, scope, model);
  const { features: definition, hearing, embeddingSize } = model.info;
  const layers = salientLayers(backbone);
  const usual = backbone.maps?.at(-1) ?? FEATURES;
  const offset = float32(mean ?? new Float32Array(embeddingSize), [1, embeddingSize]);
  const functionOf = (layer: string) =>
    session.compile(`saliency-${layer}`, ({ wave, reference, centre }: Record<string, Tensor>) => {
      const input = features(wave, definition, { name: 'saliency', dither: false });
      const cosine = (embedding: Tensor) => tf.sum(tf.mul(unit(tf.sub(embedding, centre), 1), reference)) as Tensor;
      return { input, ...layerCam(backbone, layer, input, cosine) };
    });
  return {
    layers,
    async explain(pcm, reference, layer = usual) {
      if (!layers.includes(layer))
        throw new UserError(`The network has no layer '${layer}' to look at${didYouMeanOrKnown(layer, layers)}.`);
      if (pcm.length > MOST_SECONDS * SAMPLE_RATE_HZ)
        throw new UserError(
          `The recording lasts ${Math.round(pcm.length / SAMPLE_RATE_HZ)} s, and at most ${MOST_SECONDS} s are explained at once. Cut it.`,
        );
      const batch = {
        indices: Int32Array.of(0),
        rows: 1,
        samples: pcm.length,
        pcm,
        lengths: Int32Array.of(pcm.length),
      };
      const heard = heardBatch(batch, hearing);
      const samples = heard.lengths[0];
      const wave = heard.wave.subarray(0, samples).map((value, i) => value + heard.noise[i]);
      const outputs = await functionOf(layer)({
        wave: float32(wave, [1, samples]),
        reference: float32(reference, [1, embeddingSize]),
        centre: offset,
      });
      const { input, saliency, score } = outputs;
      const [times, rows] = saliency.shape as [number, number];
      return {
        score: Number(score.data[0]),
        layer,
        features: input.data as Float32Array,
        frames: input.shape[1],
        bins: input.shape[2],
        saliency: saliency.data as Float32Array,
        times,
        rows,
      };
    },
  };
}
