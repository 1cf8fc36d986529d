import { bytesPerElement, float32, type HostData, type HostTensor, int32, viewOf } from '../../host-tensor.js';
import { shapeAttr, typeAttr } from '../graph/attributes.js';
import type { Pointer } from '../graph/c-api.js';
import { dataTypeOf } from '../graph/data-types.js';
import type { Graph, Node } from '../graph/graph.js';
import type { Variable } from '../variable.js';
import type { RunRequest, RunResult } from './runner.js';

/**
 * A variable's first value: a tensor of its shape and type, a number to fill it with, or a function that makes the tensor. It is called only
 * if something runs before another value is loaded: not where a graph is built to predict its memory, nor for the weights of a model file.
 */
export type Initial = HostTensor | number | (() => HostTensor);

/** Bytes fed in one run while loading; a run holds a copy of what it feeds. */
const LOAD_CHUNK_BYTES = 256 * 2 ** 20;

type Run = (request: RunRequest) => Promise<RunResult>;
type Assignment = readonly [Variable, HostTensor];

/** Moves values into and out of a session's variables. */
export interface VariableValues {
  /** Notes a new variable's first value; `flush` assigns it. */
  initialise(variable: Variable, initial: Initial): void;
  /** Gives new variables their first values; a second call meanwhile waits for the same. */
  flush(): Promise<void>;
  load(variables: ReadonlyMap<string, Variable>, values: Record<string, HostTensor>): Promise<void>;
  save(variables: ReadonlyMap<string, Variable>, names: Iterable<string>): Promise<Record<string, HostTensor>>;
}

export function createVariableValues(graph: Graph, run: Run): VariableValues {
  const pending = new Map<Variable, Initial>();
  const assign = createAssigner(graph, run);
  const readerOf = createReaders(graph);
  let flushed: Promise<void> = Promise.resolve();

  async function assignPending(): Promise<void> {
    const firstValues = [...pending];
    pending.clear();
    const fills = firstValues.flatMap(([variable, value]) =>
      typeof value === 'number' ? [addFill(graph, variable, value)] : [],
    );
    await assign(valuesOf(firstValues), fills);
  }

  function flush(): Promise<void> {
    if (pending.size > 0) flushed = flushed.then(assignPending);
    return flushed;
  }

  return {
    initialise(variable, initial) {
      if (typeof initial === 'object') checkValue(variable, initial);
      pending.set(variable, initial);
    },
    flush,
    async load(variables, values) {
      const assignments = Object.entries(values).map(([name, value]): Assignment => {
        const variable = variables.get(name);
        if (!variable) throw new Error(`there is no variable '${name}' to load`);
        checkValue(variable, value);
        return [variable, value];
      });
      for (const [variable] of assignments) pending.delete(variable);
      await flush();
      await assign(assignments);
    },
    async save(variables, names) {
      const chosen = [...names].map((name) => {
        const variable = variables.get(name);
        if (!variable) throw new Error(`there is no variable '${name}' to save`);
        return variable;
      });
      await flush();
      if (chosen.length === 0) return {};
      const { outputs } = await run({ name: 'save', feeds: [], fetches: chosen.map(readerOf), targets: [] });
      return Object.fromEntries(chosen.map((variable, i) => [variable.name, outputs[i]]));
    },
  };
}

/**
 * Assigns values to variables, some at a time. Values are fed, never embedded as constants: a graph may not pass 2 GB, and
 * constants stay in memory. The operations `also` are executed along with the first of them: each run of its own would have the whole
 * graph optimised once more.
 */
function createAssigner(
  graph: Graph,
  run: Run,
): (assignments: Iterable<Assignment>, also?: readonly Pointer[]) => Promise<void> {
  const feeds = new Map<Variable, { placeholder: Node; operation: Pointer }>();
  const feedOf = (variable: Variable) => {
    const feed = feeds.get(variable) ?? addFeed(graph, variable);
    feeds.set(variable, feed);
    return feed;
  };
  return async (assignments, also = []) => {
    let others = also;
    for (const chunk of inChunks(assignments)) {
      const targets = chunk.map(([variable]) => feedOf(variable).operation);
      const fed = chunk.map(([variable, value]) => [feedOf(variable).placeholder, value] as const);
      await run({ name: 'load', feeds: fed, fetches: [], targets: [...targets, ...others] });
      others = [];
    }
    if (others.length > 0) await run({ name: 'initialise', feeds: [], fetches: [], targets: others });
  };
}

/** First values that are tensors, each made when it is its turn. */
function* valuesOf(firstValues: Iterable<readonly [Variable, Initial]>): Generator<Assignment> {
  for (const [variable, initial] of firstValues) {
    if (typeof initial === 'number') continue;
    const value = typeof initial === 'function' ? initial() : initial;
    checkValue(variable, value);
    yield [variable, value];
  }
}

function* inChunks(assignments: Iterable<Assignment>): Generator<Assignment[]> {
  let chunk: Assignment[] = [];
  let bytes = 0;
  for (const assignment of assignments) {
    chunk.push(assignment);
    bytes += assignment[1].data.byteLength;
    if (bytes <= LOAD_CHUNK_BYTES) continue;
    yield chunk;
    [chunk, bytes] = [[], 0];
  }
  if (chunk.length > 0) yield chunk;
}

function addFeed(graph: Graph, variable: Variable): { placeholder: Node; operation: Pointer } {
  const attributes = [typeAttr('dtype', dataTypeOf(variable.dtype)), shapeAttr('shape', variable.shape)];
  const placeholder = graph.add('Placeholder', [], attributes).outputs[0];
  return { placeholder, operation: graph.add('AssignVariableOp', [variable.handle, placeholder], []).operation };
}

function addFill(graph: Graph, variable: Variable, value: number): Pointer {
  const dims = graph.constant(int32(variable.shape));
  const filled = graph.add('Fill', [dims, graph.constant(scalarOf(variable, value))], []).outputs[0];
  return graph.add('AssignVariableOp', [variable.handle, filled], []).operation;
}

/** The node that reads a variable, added once. */
function createReaders(graph: Graph): (variable: Variable) => Node {
  const readers = new Map<Variable, Node>();
  return (variable) => {
    const attributes = [typeAttr('dtype', dataTypeOf(variable.dtype))];
    const reader = readers.get(variable) ?? graph.add('ReadVariableOp', [variable.handle], attributes).outputs[0];
    readers.set(variable, reader);
    return reader;
  };
}

function checkValue(variable: Variable, value: HostTensor): void {
  if (value.dtype !== variable.dtype || value.shape.join() !== variable.shape.join()) {
    throw new Error(
      `variable '${variable.name}' is ${variable.dtype} [${variable.shape}]; it cannot take ${value.dtype} [${value.shape}]`,
    );
  }
}

function scalarOf({ dtype }: Variable, value: number): HostTensor {
  if (dtype === 'float32') return float32(value);
  const data = viewOf(dtype, new ArrayBuffer(bytesPerElement(dtype)));
  if (data instanceof BigInt64Array) data[0] = BigInt(value);
  else data[0] = value;
  return { dtype, shape: [], data: data as HostData };
}
