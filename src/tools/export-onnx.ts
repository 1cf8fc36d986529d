import { loadWeights } from '../embed/extract.js';
import { withSession } from '../engine/session/with-session.js';
import { UserError } from '../errors.js';
import { writeFileAtomic } from '../io/atomic.js';
import { createScope } from '../nn/scope.js';
import { metadataOf } from '../onnx/metadata.js';
import type { WeightType } from '../onnx/narrow-weights.js';
import { networkToOnnx, type PortNames } from '../onnx/network-to-onnx.js';
import { voxloopVersion } from '../pipeline/run/version.js';
import { readNetwork } from './open-model.js';

/** Names of inputs and outputs, as the programs that run the file look for them. */
export const PORT_NAMES = {
  wespeaker: { input: 'feats', output: 'embs' },
  transformers: { input: 'input_features', output: 'last_hidden_state' },
} as const satisfies Record<string, PortNames>;

export interface OnnxOptions {
  /** Default 'wespeaker': feats and embs. */
  names?: keyof typeof PORT_NAMES;
  /** Mean-subtracted features on int16 scale, or samples from -1 to 1, whose input is called `wave`. Default 'features'. */
  input?: 'features' | 'wave';
  /** How large weights are stored. Default 'float32'. */
  weights?: WeightType;
  /** Subtract the mean embedding of the training utterances, as the speaker tools do. Default false. */
  subtractMean?: boolean;
  /** Language of the metadata. Default 'unknown'. */
  language?: string;
  /** Files of plugins that the model's backbone comes from. */
  plugin?: string[];
  threads?: number;
  progress?: (done: number, total: number) => void;
}

/** What was exported. */
export interface OnnxSummary {
  file: string;
  bytes: number;
  nodes: number;
  input: { name: string; shape: (number | string)[] };
  output: { name: string; shape: (number | string)[] };
}

/**
 * Writes the network of a model folder as an ONNX file for batches and recordings of any size.
 * @throws UserError when the folder holds no model, when an operation has no translation to ONNX, and where `subtractMean` finds no
 * mean
 */
export async function exportOnnx(dir: string, file: string, options: OnnxOptions = {}): Promise<OnnxSummary> {
  const { input = 'features', weights = 'float32', subtractMean, language = 'unknown', progress } = options;
  const { model, build } = await readNetwork(dir, options.plugin ?? []);
  if (subtractMean && !model.mean) throw new UserError(`${dir} holds no mean embedding to subtract.`);
  const { embeddingSize, features } = model.info;
  const ports = PORT_NAMES[options.names ?? 'wespeaker'];
  const names = input === 'wave' ? { ...ports, input: 'wave' } : ports;
  const work = { device: 'cpu', threads: options.threads ?? 0, seed: 0, name: 'export' } as const;
  const { pieces, bytes, nodes } = await withSession(work, async (session) => {
    const scope = createScope(session, 'model', 0);
    const backbone = build(scope);
    const { minFrames } = backbone;
    await loadWeights(session, scope, model);
    return networkToOnnx(session, (rows) => backbone.embed(rows, { training: false }), {
      features,
      embeddingSize,
      names,
      input,
      weights,
      mean: subtractMean ? model.mean! : undefined,
      metadata: metadataOf({ embeddingSize, features, language, minFrames }),
      producerVersion: voxloopVersion(),
      minFrames,
      progress,
    });
  });
  writeFileAtomic(file, ...pieces);
  const shape = input === 'wave' ? ['B', 'samples'] : ['B', 'T', features.bins];
  return {
    file,
    bytes,
    nodes,
    input: { name: names.input, shape },
    output: { name: names.output, shape: ['B', embeddingSize] },
  };
}
