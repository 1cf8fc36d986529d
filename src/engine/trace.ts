import type { Pointer } from './graph/c-api.js';
import type { Graph, Node } from './graph/graph.js';
import type { Phase } from './graph/operation-record.js';
import type { Tensor } from './tf.js';
import type { Variable } from './variable.js';
import type { BatchMove } from './whole-batch.js';
import type { WorkerGroup } from './workers/group.js';

/** The uses of a variable so far in one trace; they keep reads and writes in program order. */
export interface VariableUse {
  lastWrite?: Pointer;
  readsSinceWrite: Pointer[];
  /** The tensor of the current value; reads between two writes share it. */
  current?: Tensor;
  /** A value assigned but not written yet. */
  pending?: Tensor;
}

/** The state of a trace in progress. */
export interface Trace {
  name: string;
  graph: Graph;
  seed: number;
  /** The step counter [] (int64), when the function has an input named `step`. */
  step?: Node;
  /** Operations every new node waits for. */
  controls: Pointer[];
  /** Operations that must run though nothing fetches them (assignments). */
  effects: Pointer[];
  variables: Map<Variable, VariableUse>;
  /** Variables read so far, while `readsOf` collects them. */
  reads?: Set<Variable>;
  /** Changes that wait for the rows of a whole batch, where this trace sees a part of it. */
  batchMoves?: BatchMove[];
  /** True while a forward pass is computed again: it has no effects, and draws the same random numbers. */
  replaying: boolean;
  /** Names of the values that must be finite for the updates to happen. */
  guarded?: string[];
  /** Values noted on the way, by name: see observe.ts. */
  observations: Map<string, Tensor[]>;
  /** Names of random draws: two under one name would be the same numbers. */
  draws: Set<string>;
  /** Handles to dispose when the trace ends. */
  kept: Tensor[];
  /** An error that could not be thrown where it arose (inside a promise); thrown when the function returns. */
  failure?: Error;
  /** Type that convolutions and matrix products compute in. */
  compute: 'float32' | 'bfloat16';
  /** The graph runs on a GPU, whose kernels have other strengths than a processor's. */
  onGpu: boolean;
  /** One graph shall serve inputs of any length, see {@link anyLength}. */
  anyLength: boolean;
  /** The processes that run this function together, each on a part of the batch; undefined where one does it alone. */
  workers?: WorkerGroup;
  /** The operations so far that wait for the other processes. */
  collectives: Pointer[];
  /** No gradient will be asked for: a convolution is one operation, whatever its geometry. */
  inference: boolean;
}

let current: Trace | undefined;

/** The trace in progress; throws outside of one. */
export function currentTrace(): Trace {
  if (!current) throw new Error('tensor operations run inside a function given to compile()');
  return current;
}

/** True while a function is being traced. */
export const isTracing = (): boolean => current !== undefined;

/**
 * True while a network is traced for export, where one graph serves every number of frames. Code that branches on that number takes
 * the branch that is right for all of them: it pads though this number needs no padding.
 */
export const anyLength = (): boolean => current?.anyLength ?? false;

/** The processes that the function being traced runs in, each on a part of the batch; undefined where one does it alone. */
export const currentWorkers = (): WorkerGroup | undefined => currentTrace().workers;

/** Number of processes that the function being traced runs in, each on a part of the batch. */
export const workerCount = (): number => currentTrace().workers?.count ?? 1;
/** True while a function is traced that no gradient will be asked for. */
export const inferring = (): boolean => current?.inference ?? false;

/** Makes `trace` the current one while `act` runs. */
export function withTrace<T>(trace: Trace, act: () => T): T {
  if (current) throw new Error(`compile('${trace.name}') was run inside the tracing of '${current.name}'`);
  current = trace;
  try {
    return act();
  } finally {
    current = undefined;
  }
}

/** Runs `act`; the operations that it adds belong to `phase`. */
export function inPhase<T>(phase: Phase, act: () => T): T {
  const { graph } = currentTrace();
  const before = graph.phase;
  graph.phase = phase;
  try {
    return act();
  } finally {
    graph.phase = before;
  }
}

/** Runs `act`; the operations that it adds run on the host's processor, whatever the session's device. */
export function onHost<T>(act: () => T): T {
  const { graph } = currentTrace();
  const before = graph.device;
  graph.device = '/device:CPU:0';
  try {
    return act();
  } finally {
    graph.device = before;
  }
}

/** Every node added by `act` runs only after `operations`. */
export function withControls<T>(operations: readonly Pointer[], act: () => T): T {
  const trace = currentTrace();
  const before = trace.controls;
  trace.controls = [...before, ...operations];
  try {
    return act();
  } finally {
    trace.controls = before;
  }
}
