import type { Utterances } from '../../data/utterance-batches.js';
import { createExtractor, loadWeights } from '../../embed/extract.js';
import { embedUtterances } from '../../embed/extractor.js';
import type { Model } from '../../embed/model-file.js';
import { withSession } from '../../engine/session/with-session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Backbone, TappedLayer } from '../../nn/backbone.js';
import type { Pass } from '../../nn/pass.js';
import { bothMoments, plainMoments } from '../../nn/pooling.js';
import { createScope, type Scope } from '../../nn/scope.js';
import type { ProbedVectors } from './train-probes.js';

/** A network to look into. */
export interface ProbedNetwork {
  name: string;
  model: Model;
  /** Builds its backbone. */
  build(scope: Scope): Backbone;
  /** Leaves the weights as they were drawn. */
  untrained?: boolean;
}

/** The input of the network, a layer like the others. */
export const FEATURES = 'features';
const DEVIATION_FLOOR = 1e-7;

/** Opened, it gives what every layer makes of utterances, one vector each. */
export interface LayerReader {
  /** In the network's order, from the features on. */
  layers: string[];
  read(
    utterances: Utterances,
    hooks: { signal?: AbortSignal; progress?(done: number, total: number): void },
  ): Promise<Map<string, ProbedVectors>>;
}

/** Opens a network for `act`: layers of frames are pooled to their mean and deviation, side by side. */
export function withLayers<T>(
  request: { device: 'auto' | 'cpu' | 'gpu'; threads: number; seed: number },
  network: ProbedNetwork,
  act: (reader: LayerReader) => Promise<T>,
): Promise<T> {
  return withSession({ ...request, name: 'probe-layers' }, async (session) => {
    const { info } = network.model;
    const scope = createScope(session, 'model', request.seed);
    const backbone = network.build(scope);
    if (!network.untrained) await loadWeights(session, scope, network.model);
    const input: TappedLayer = { size: info.features.bins, of: 'frames' };
    const layers = Object.entries({ [FEATURES]: input, ...backbone.layers });
    const sizes = layers.map(([, { size, of }]) => (of === 'frames' ? 2 * size : size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const extractor = createExtractor(
      session,
      info.features,
      total,
      (features, pass) => {
        const pooled = pooledLayers(backbone, features, pass);
        return tf.concat(
          layers.map(([name]) => pooled.get(name)!),
          1,
        ) as Tensor;
      },
      { hearing: info.hearing },
    );
    return act({
      layers: layers.map(([name]) => name),
      async read(utterances, hooks) {
        const all = await embedUtterances(utterances, extractor, hooks);
        return new Map(layers.map(([name], i) => [name, partOf(all, total, sum(sizes.slice(0, i)), sizes[i])]));
      },
    });
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, value) => total + value, 0);

function partOf(all: Float32Array, total: number, from: number, size: number): ProbedVectors {
  const rows = all.length / total;
  const vectors = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++)
    vectors.set(all.subarray(row * total + from, row * total + from + size), row * size);
  return { vectors, rows, size };
}

/** Every layer's output as a vector an utterance, by name. */
function pooledLayers({ embed, layers = {} }: Backbone, features: Tensor, pass: Pass): Map<string, Tensor> {
  const moments = (frames: Tensor, at: Pass) => bothMoments(plainMoments(frames, at, DEVIATION_FLOOR));
  const found = new Map([[FEATURES, moments(features, pass)]]);
  embed(features, {
    ...pass,
    tap: (name, output, at = pass) =>
      void found.set(name, layers[name]?.of === 'frames' ? moments(output, at) : output),
  });
  return found;
}
