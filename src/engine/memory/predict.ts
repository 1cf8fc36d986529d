import type { GradientRecord } from '../graph/operation-record.js';
import { execute } from './executor.js';
import { accountMemory, type MemoryParts, type MemoryPeak } from './memory-parts.js';
import { type RunPlan, reachedGraph } from './plan-graph.js';
import { rewrite } from './rewrites.js';

/** A run whose memory is to be predicted. */
export interface PlannedRun extends RunPlan {
  gradients: readonly GradientRecord[];
  /** Bytes that live all through the run: variables and inputs. */
  standing: MemoryParts;
}

/**
 * The peak of live bytes of a run and its parts, before it runs: follows TensorFlow's execution operation by operation, with its
 * rules of when a buffer is taken, handed on and released. Scratch memory inside a kernel is not counted: the graph does not show
 * it.
 */
export function predictMemory(plan: PlannedRun): MemoryPeak {
  const graph = reachedGraph(plan);
  for (const index of plan.feeds) if (graph.has(index)) Object.assign(graph.get(index)!, { inputs: [], controls: [] });
  rewrite(graph, plan.fetches);
  return accountMemory(execute(graph, plan.fetches), plan);
}
