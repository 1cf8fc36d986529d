import { availableParallelism } from 'node:os';
import { messageOf, UserError } from '../../errors.js';
import type { OnnxModel } from './onnx-model.js';
import type { Runtime, RuntimeSession } from './runtime.js';

/** The graph of an exported model, ready to run. */
export interface OnnxNetwork {
  /** Vectors of rows of features [frames, bins], all of as many frames: [rows, embeddingSize]. @throws UserError where the graph refuses them */
  embed(rows: readonly Float32Array[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** onnxruntime's level of messages that says nothing short of a crash: whatever else goes wrong is thrown, too. */
const FATAL_ONLY = 4;

/**
 * Opens an exported model's graph.
 * @param threads of one operation; 0: one per core
 * @throws UserError where onnxruntime cannot open the file
 */
export async function openOnnxNetwork(runtime: Runtime, model: OnnxModel, threads: number): Promise<OnnxNetwork> {
  const session = await openSession(runtime, model.path, threads || availableParallelism());
  const { bins } = model.info.features;
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
        if (frames >= model.minFrames) throw error;
        return run(runtime, session, model, packed(rows, model.minFrames, bins));
      }
    },
    close: async () => session.release?.(),
  };
}

async function openSession({ InferenceSession }: Runtime, path: string, threads: number): Promise<RuntimeSession> {
  try {
    return await InferenceSession.create(path, {
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: FATAL_ONLY,
    });
  } catch (error) {
    throw new UserError(
      `onnxruntime cannot open ${path}: ${messageOf(error)}. Export the model again, or copy the file again.`,
    );
  }
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
  { Tensor }: Runtime,
  session: RuntimeSession,
  { path, info }: OnnxModel,
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
  if (vectors instanceof Float32Array && vectors.length === shape[0] * info.embeddingSize) return vectors;
  throw fault(`it does not give ${info.embeddingSize} numbers for each of ${shape[0]} recordings`);
}
