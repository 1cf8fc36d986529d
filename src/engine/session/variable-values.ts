import { bytesPerElement, float32, type HostData, type HostTensor, int32, viewOf } from '../../host-tensor.js';
import { shapeAttr, typeAttr } from '../graph/attributes.js';
import type { Pointer } from '../graph/c-api.js';
import { dataTypeOf } from '../graph/data-types.js';
import type { Graph, Node } from '../graph/graph.js';
import type { Variable } from '../variable.js';
import type { RunRequest, RunResult } from './runner.js';

/** A variable's first value: a tensor of its shape and type, or a number to fill it with. */
export type Initial = HostTensor | number;

/** Bytes fed in one run while loading; a run holds a copy of what it feeds. */
const LOAD_CHUNK_BYTES = 256 * 2 ** 20;

/**
 * Moves values into and out of variables. They are fed into assignments, never embedded as constants: a graph may not pass
 * 2 GB, and constants stay in memory.
 */
export function createVariableValues(graph: Graph, run: (request: RunRequest) => Promise<RunResult>) {
  const pending = new Map<Variable, Initial>();
  const feeds = new Map<Variable, { placeholder: Node; assign: Pointer }>();
  const reads = new Map<Variable, Node>();
  let flushed: Promise<void> = Promise.resolve();

  function feedOf(variable: Variable) {
    const known = feeds.get(variable);
    if (known) return known;
    const type = dataTypeOf(variable.dtype);
    const attributes = [typeAttr('dtype', type), shapeAttr('shape', variable.shape)];
    const placeholder = graph.add('Placeholder', [], attributes).outputs[0];
    const assign = graph.add('AssignVariableOp', [variable.handle, placeholder], []).operation;
    const feed = { placeholder, assign };
    feeds.set(variable, feed);
    return feed;
  }

  function fillOf(variable: Variable, value: number): Pointer {
    const dims = graph.constant(int32(variable.shape));
    const filled = graph.add('Fill', [dims, graph.constant(scalarOf(variable, value))], []).outputs[0];
    return graph.add('AssignVariableOp', [variable.handle, filled], []).operation;
  }

  async function assignPending(): Promise<void> {
    const all = [...pending];
    pending.clear();
    const fills = all.flatMap(([variable, value]) => (typeof value === 'number' ? [fillOf(variable, value)] : []));
    if (fills.length > 0) await run({ name: 'initialise', feeds: [], fetches: [], targets: fills });
    await assignAll(
      all.flatMap(([variable, value]) => (typeof value === 'number' ? [] : [[variable, value] as const])),
    );
  }

  async function assignAll(values: readonly (readonly [Variable, HostTensor])[]): Promise<void> {
    let chunk: (readonly [Variable, HostTensor])[] = [];
    let bytes = 0;
    const flushChunk = async () => {
      const targets = chunk.map(([variable]) => feedOf(variable).assign);
      const fed = chunk.map(([variable, value]) => [feedOf(variable).placeholder, value] as const);
      if (chunk.length > 0) await run({ name: 'load', feeds: fed, fetches: [], targets });
      [chunk, bytes] = [[], 0];
    };
    for (const pair of values) {
      chunk.push(pair);
      bytes += pair[1].data.byteLength;
      if (bytes > LOAD_CHUNK_BYTES) await flushChunk();
    }
    await flushChunk();
  }

  return {
    initialise(variable: Variable, initial: Initial): void {
      if (typeof initial !== 'number') checkValue(variable, initial);
      pending.set(variable, initial);
    },

    /** Gives new variables their first values; a second call meanwhile waits for the same. */
    flush(): Promise<void> {
      if (pending.size > 0) flushed = flushed.then(assignPending);
      return flushed;
    },

    async load(variables: ReadonlyMap<string, Variable>, values: Record<string, HostTensor>): Promise<void> {
      const pairs = Object.entries(values).map(([name, value]) => {
        const variable = variables.get(name);
        if (!variable) throw new Error(`there is no variable '${name}' to load`);
        checkValue(variable, value);
        return [variable, value] as const;
      });
      await this.flush();
      await assignAll(pairs);
    },

    async save(variables: ReadonlyMap<string, Variable>, names: Iterable<string>): Promise<Record<string, HostTensor>> {
      const chosen = [...names].map((name) => {
        const variable = variables.get(name);
        if (!variable) throw new Error(`there is no variable '${name}' to save`);
        return variable;
      });
      await this.flush();
      if (chosen.length === 0) return {};
      for (const variable of chosen) {
        if (reads.has(variable)) continue;
        const attributes = [typeAttr('dtype', dataTypeOf(variable.dtype))];
        reads.set(variable, graph.add('ReadVariableOp', [variable.handle], attributes).outputs[0]);
      }
      const fetches = chosen.map((variable) => reads.get(variable)!);
      const { outputs } = await run({ name: 'save', feeds: [], fetches, targets: [] });
      return Object.fromEntries(chosen.map((variable, i) => [variable.name, outputs[i]]));
    },
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
