import { bytesPerElement, type HostTensor, sizeOf } from '../../host-tensor.js';
import type { Graph } from '../graph/graph.js';
import type { Variable } from '../variable.js';
import { accountMemory, emptyParts, type MemoryParts, type MemoryPeak } from './memory-parts.js';
import { parseRunMetadata, timeByOp } from './run-metadata.js';

/** Memory and time of one fully traced run. */
export interface RunProfile extends MemoryPeak {
  /** Milliseconds by op type, largest first. */
  timeMs: { op: string; ms: number; count: number }[];
}

/** Reads the RunMetadata of a run that was fed `inputs`; the session's variables and the inputs count throughout. */
export function profileRun(
  { graph, variables }: { graph: Graph; variables: ReadonlyMap<string, Variable> },
  inputs: readonly (readonly [string, HostTensor])[],
  metadata: Uint8Array,
): RunProfile {
  const nodes = parseRunMetadata(metadata);
  const standing = standingBytes({ graph, variables }, inputs);
  return { ...accountMemory(nodes, { ...graph, standing }), timeMs: timeByOp(nodes) };
}

/** Bytes that live all through a run: variables and inputs. */
export function standingBytes(
  { graph, variables }: { graph: Graph; variables: ReadonlyMap<string, Variable> },
  inputs: readonly (readonly [string, HostTensor])[],
): MemoryParts {
  const standing = variableBytes(graph, variables.values());
  for (const [, { data }] of inputs) standing.inputs += data.byteLength;
  return standing;
}

/** Bytes of variables by purpose; those that a loss was differentiated in are the parameters. */
export function variableBytes(graph: Graph, variables: Iterable<Variable>): MemoryParts {
  const trained = new Set(graph.gradients.map(({ handle }) => handle));
  const parts = emptyParts();
  for (const { name, shape, dtype, handle } of variables) {
    const part = trained.has(handle.operation) ? 'parameters' : (SCOPES[name.split('/')[0]] ?? 'buffers');
    parts[part] += sizeOf(shape) * bytesPerElement(dtype);
  }
  return parts;
}

/** Variables that serve the update, by the scope they live in. */
const SCOPES: Record<string, 'optimizer' | 'gradients'> = { optimizer: 'optimizer', accumulated: 'gradients' };
