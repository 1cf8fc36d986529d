import type { GradientRecord } from '../graph/operation-record.js';
import { cudnnWorkspace } from './cudnn-workspace.js';
import { execute } from './executor.js';
import { accountMemory, type MemoryParts, type MemoryPeak } from './memory-parts.js';
import { type RunPlan, reachedGraph } from './plan-graph.js';
import { rewrite } from './rewrites.js';

/** A run whose memory is to be predicted. */
export interface PlannedRun extends RunPlan {
  gradients: readonly GradientRecord[];
  /** Bytes that live all through the run: variables and inputs. */
  standing: MemoryParts;
  /** It runs on a GPU, where cuDNN takes memory of its own. Default false. */
  onGpu?: boolean;
}

/**
 * The peak of live bytes of a run and its parts, before it runs: follows TensorFlow's execution operation by operation, with its
 * rules of when a buffer is taken, handed on and released. Scratch memory inside a kernel, which the graph does not show, is counted on a
 * GPU only, as cuDNN's largest.
 */
export function predictMemory(plan: PlannedRun): MemoryPeak {
  const graph = reachedGraph(plan);
  for (const index of plan.feeds) if (graph.has(index)) Object.assign(graph.get(index)!, { inputs: [], controls: [] });
  const { onGpu = false } = plan;
  const scratch = onGpu ? cudnnWorkspace(graph) : 0;
  rewrite(graph, plan.fetches, { onGpu });
  const { peakBytes, parts, keptBytes } = accountMemory(execute(graph, plan.fetches), plan);
  return { peakBytes: peakBytes + scratch, parts: { ...parts, workspace: parts.workspace + scratch }, keptBytes };
}
