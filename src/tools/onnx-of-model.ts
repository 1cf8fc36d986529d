import { loadWeights } from '../embed/extract.js';
import type { Model } from '../embed/model-file.js';
import { DESCRIPTION_KEY, describeExport } from '../embed/onnx/description.js';
import { weightsIdentity } from '../embed/weights-identity.js';
import { withSession } from '../engine/session/with-session.js';
import type { Backbone } from '../nn/backbone.js';
import { createScope, type Scope } from '../nn/scope.js';
import { metadataOf } from '../onnx/metadata.js';
import type { WeightType } from '../onnx/narrow-weights.js';
import { type OnnxFile, onnxWriter, type PortNames } from '../onnx/network-to-onnx.js';
import { voxloopVersion } from '../pipeline/run/version.js';
import { identityOf } from '../speakers/model-identity.js';

/** What the graph is to take and give. */
export interface GraphOptions {
  names: PortNames;
  input: 'features' | 'wave';
  subtractMean?: boolean;
  /** Of the metadata. Default 'unknown'. */
  language?: string;
  threads?: number;
  progress?: (done: number, total: number) => void;
}

/**
 * Converts a model's network to ONNX once, to be written with weights of any type.
 * @throws UserError when an operation has no translation
 */
export function writerOf(
  { model, build }: { model: Model; build: (scope: Scope) => Backbone },
  { names, input, subtractMean = false, language = 'unknown', threads = 0, progress }: GraphOptions,
): Promise<{ write(weights: WeightType): OnnxFile; minFrames: number }> {
  const { embeddingSize, features } = model.info;
  const work = { device: 'cpu', threads, seed: 0, name: 'export' } as const;
  return withSession(work, async (session) => {
    const scope = createScope(session, 'model', 0);
    const backbone = build(scope);
    const { minFrames = 1 } = backbone;
    await loadWeights(session, scope, model);
    const write = await onnxWriter(session, (rows) => backbone.embed(rows, { training: false }), {
      features,
      embeddingSize,
      names,
      input,
      mean: subtractMean ? model.mean! : undefined,
      producerVersion: voxloopVersion(),
      minFrames,
      progress,
    });
    const metadata = metadataOf({ embeddingSize, features, language, minFrames });
    const digests = { file: identityOf(model).digest, weights: weightsIdentity(model).digest };
    const descriptionOf = (weights: WeightType) =>
      describeExport(model, digests, { input, weights, subtractsMean: subtractMean, minFrames });
    return {
      write: (weights) => write(weights, { ...metadata, [DESCRIPTION_KEY]: descriptionOf(weights) }),
      minFrames,
    };
  });
}
