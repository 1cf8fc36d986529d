import type { FeatureDefinition } from '../audio/features/features.js';
import type { Session } from '../engine/session/session.js';
import { UserError } from '../errors.js';
import { float32 } from '../host-tensor.js';
import type { Message } from '../io/protobuf/message.js';
import { convertNetwork } from './convert.js';
import { narrowWeights, type WeightType } from './narrow-weights.js';
import { createOnnxGraph } from './onnx-graph.js';
import { ELEMENT, modelMessage } from './proto.js';
import type { Sizes } from './size-formula.js';
import { type Embed, traceNetwork } from './traced-network.js';
import { addWaveFeatures } from './wave-features.js';

/** Names of the input and the output. */
export interface PortNames {
  input: string;
  output: string;
}

export interface OnnxExport {
  features: FeatureDefinition;
  embeddingSize: number;
  names: PortNames;
  /** What the graph takes: features, or the recording itself. */
  input: 'features' | 'wave';
  weights: WeightType;
  /** Subtracted from every vector [embeddingSize]. */
  mean?: Float32Array;
  metadata: Readonly<Record<string, string>>;
  producerVersion: string;
  /** Fewest frames that the network takes. Default 1. */
  minFrames?: number;
  /** Told how many of the traces are done. */
  progress?: (done: number, total: number) => void;
}

/** The version of ONNX's operators: WeSpeaker's own export has it, and everything that runs ONNX knows it. */
const OPSET = 14;

/**
 * Numbers of frames at which the network is traced, besides its fewest three, for lower bounds. Formulas are found from them: 200, 201,
 * and 4799 to 4801 lie around multiples of every usual stride and segment, so that rounding up and down differ; the rest have nothing
 * in common.
 */
const FRAMES = [61, 97, 200, 201, 643, 2003, 4799, 4800, 4801];

/** A file of Protocol Buffers may not be larger. */
const MOST_BYTES = 2 ** 31 - 1;

/** The content of the files that a network becomes, by how large weights are stored. @throws UserError for a weight that the type does not hold */
export type OnnxWriter = (weights: WeightType, metadata: OnnxExport['metadata']) => OnnxFile;

/** A network as the content of an ONNX file: what `onnxWriter` writes. */
export async function networkToOnnx(session: Session, embed: Embed, options: OnnxExport): Promise<OnnxFile> {
  const write = await onnxWriter(session, embed, options);
  return write(options.weights, options.metadata);
}

/**
 * Converts a network to ONNX: float32 features [batch, frames, bins], or samples [batch, samples] from -1 to 1, of any batch and length
 * to vectors [batch, size].
 * @throws UserError for an operation that has no translation, and for a network that no one graph can be for all lengths
 */
export async function onnxWriter(
  session: Session,
  embed: Embed,
  options: Omit<OnnxExport, 'weights' | 'metadata'>,
): Promise<OnnxWriter> {
  const { features, names, input, embeddingSize, producerVersion } = options;
  const network = await traceNetwork(
    session,
    embed,
    features.bins,
    samplesFrom(options.minFrames ?? 1),
    options.progress,
  );
  const graph = createOnnxGraph(input === 'wave' ? FEATURES : names.input);
  if (input === 'wave') addWaveFeatures(graph, names.input, FEATURES, features);
  const vectors = await convertNetwork(session, network, graph);
  const last = options.mean ? graph.node('Sub', [vectors, graph.tensor(float32(options.mean), 'mean')]) : vectors;
  graph.nodes.push({ type: 'Identity', name: names.output, inputs: [last], outputs: [names.output], attributes: {} });
  const taken = input === 'wave' ? ['B', 'samples'] : ['B', 'T', features.bins];
  return (weights, metadata) => {
    const { nodes, tensors } = weights === 'float32' ? graph : narrowWeights(graph, weights);
    const file = modelMessage({
      opset: OPSET,
      producer: { name: 'voxloop', version: producerVersion },
      graph: {
        name: 'voxloop',
        nodes,
        tensors,
        inputs: [{ name: names.input, element: ELEMENT.FLOAT, dims: taken }],
        outputs: [{ name: names.output, element: ELEMENT.FLOAT, dims: ['B', embeddingSize] }],
      },
      metadata,
    });
    if (file.bytes > MOST_BYTES) throw new UserError('The network is larger than the 2 GB that an ONNX file can hold.');
    return { ...file, nodes: nodes.length };
  };
}

/** An ONNX file's content, and the number of its nodes. */
export type OnnxFile = Message & { nodes: number };

/** Name of the features where they are computed in the graph. */
const FEATURES = 'features';

function samplesFrom(minFrames: number): Sizes[] {
  const few = [0, 1, 2].map((more) => minFrames + more);
  const frames = [...few, ...FRAMES.filter((count) => count > minFrames + 2)];
  return frames.map((count, i) => ({ frames: count, batch: 2 + ((i * 5) % 7) }));
}
