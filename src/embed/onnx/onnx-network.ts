import { availableParallelism } from 'node:os';
import { messageOf, UserError } from '../../errors.js';
import { type GraphNetwork, graphNetwork } from './graph-network.js';
import type { OnnxModel } from './onnx-model.js';
import type { Runtime, RuntimeSession } from './runtime.js';

/** An exported model's graph that onnxruntime-node runs. */
export interface OnnxNetwork extends GraphNetwork {
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
  const { embed } = graphNetwork(runtime, session, { ...model.info, minFrames: model.minFrames, path: model.path });
  return { embed, close: async () => session.release?.() };
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
