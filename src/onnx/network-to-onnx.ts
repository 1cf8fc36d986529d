import type { Session } from '../engine/session/session.js';
import { UserError } from '../errors.js';
import { convertNetwork } from './convert.js';
import type { Message } from './pieces.js';
import { ELEMENT, modelMessage } from './proto.js';
import type { Sizes } from './size-formula.js';
import { type Embed, traceNetwork } from './traced-network.js';

/** Names of the input and the output. */
export interface PortNames {
  input: string;
  output: string;
}

export interface OnnxExport {
  bins: number;
  embeddingSize: number;
  names: PortNames;
  metadata: Readonly<Record<string, string>>;
  producerVersion: string;
  /** Fewest frames that the network takes. */
  minFrames?: number;
  progress?: (done: number, total: number) => void;
}

/** The version of ONNX's operators: WeSpeaker's own export has it, and everything that runs ONNX knows it. */
const OPSET = 14;

/**
 * Numbers of frames at which the network is traced, besides its fewest four, for lower bounds. Formulas are found from them: 200, 201,
 * and 4799 to 4801 lie around multiples of every usual stride and segment, so that rounding up and down differ; the rest have nothing
 * in common.
 */
const FRAMES = [61, 97, 200, 201, 402, 643, 1021, 1600, 2003, 4799, 4800, 4801];

/** A file of Protocol Buffers may not be larger. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * A network as the content of an ONNX file: float32 features [batch, frames, bins] of any batch and number of frames to vectors
 * [batch, size].
 * @throws UserError for an operation that has no translation, and for a network that no one graph can be for all lengths
 */
export async function networkToOnnx(session: Session, embed: Embed, options: OnnxExport): Promise<Message & { nodes: number }> {
  const { bins, names, embeddingSize, metadata, producerVersion, minFrames = 1, progress } = options;
  const frames = [0, 1, 2, 3].map((more) => minFrames + more).concat(FRAMES.filter((count) => count > minFrames + 3));
  const samples = frames.map((count, i): Sizes => ({ frames: count, batch: 2 + ((i * 5) % 7) }));
  const network = await traceNetwork(session, embed, bins, samples, progress);
  const { graph, output } = await convertNetwork(session, network, names.input);
  graph.nodes.push({ type: 'Identity', name: names.output, inputs: [output], outputs: [names.output], attributes: {} });
  const file = modelMessage({
    opset: OPSET,
    producer: { name: 'voxloop', version: producerVersion },
    graph: {
      name: 'voxloop',
      nodes: graph.nodes,
      tensors: graph.tensors,
      inputs: [{ name: names.input, element: ELEMENT.FLOAT, dims: ['B', 'T', bins] }],
      outputs: [{ name: names.output, element: ELEMENT.FLOAT, dims: ['B', embeddingSize] }],
    },
    metadata,
  });
  if (file.bytes > MOST_BYTES) throw new UserError('The network is larger than the 2 GB that an ONNX file can hold.');
  return { ...file, nodes: graph.nodes.length };
}
