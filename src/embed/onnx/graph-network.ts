import { messageOf, UserError } from '../../errors.js';
import type { GraphModel } from './graph-extractor.js';
import type { Runtime, RuntimeSession } from './runtime.js';

/** The graph of an exported model, ready to run. */
export interface GraphNetwork {
  /** Vectors of rows of features [frames, bins], all of as many frames: [rows, embeddingSize]. @throws UserError where the graph refuses them */
  embed(rows: readonly Float32Array[]): Promise<Float32Array>;
}

/** As much of a session, in Node or in a browser, as is used here. */
export type RunnableSession = Pick<RuntimeSession, 'inputNames' | 'outputNames' | 'run'>;
type Tensors = Pick<Runtime, 'Tensor'>;
/** A model, and its file for messages. */
type RunModel = GraphModel & { path?: string };

/** Runs the graph of an exported model in a session that is open. */
export function graphNetwork(runtime: Tensors, session: RunnableSession, model: RunModel): GraphNetwork {
  const { features, minFrames } = model;
  const { bins } = features;
  return {
    /**
     * Networks that pad take any number of frames, even fewer than they were trained on; one that does not refuses what its convolutions
     * cannot see, and gets frames of zeros behind it.
     */
    async embed(rows) {
      const frames = rows[0].length / bins;
      try {
        return await run(runtime, session, model, packed(rows, frames, bins));
      } catch (error) {
        if (frames >= minFrames) throw error;
        return run(runtime, session, model, packed(rows, minFrames, bins));
      }
    },
  };
}

interface Features {
  data: Float32Array;
  /** [rows, frames, bins] */
  shape: readonly number[];
}

/** Rows as one array, each filled up with zeros to `frames`. */
function packed(rows: readonly Float32Array[], frames: number, bins: number): Features {
  const data = new Float32Array(rows.length * frames * bins);
  rows.forEach((row, i) => {
    data.set(row, i * frames * bins);
  });
  return { data, shape: [rows.length, frames, bins] };
}

async function run(
  { Tensor }: Tensors,
  session: RunnableSession,
  { path = 'the model', embeddingSize }: RunModel,
  { data, shape }: Features,
): Promise<Float32Array> {
  const fault = (reason: string) =>
    new UserError(
      `onnxruntime cannot run ${path} on features [${shape.join(', ')}]: ${reason}. Export the model again, or copy the file again.`,
    );
  let vectors: unknown;
  try {
    const outputs = await session.run({ [session.inputNames[0]]: new Tensor('float32', data, shape) });
    vectors = outputs[session.outputNames[0]].data;
  } catch (error) {
    throw fault(messageOf(error));
  }
  if (vectors instanceof Float32Array && vectors.length === shape[0] * embeddingSize) return vectors;
  throw fault(`it does not give ${embeddingSize} numbers for each of ${shape[0]} recordings`);
}
