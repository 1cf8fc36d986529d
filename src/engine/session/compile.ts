import { UserError } from '../../errors.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import { nodeOf, tensorflow } from '../backend.js';
import { shapeAttr, typeAttr } from '../graph/attributes.js';
import type { Pointer } from '../graph/c-api.js';
import { dataTypeOf } from '../graph/data-types.js';
import type { Graph, Node } from '../graph/graph.js';
import type { MemoryPeak } from '../memory/memory-parts.js';
import { multiplyAdds } from '../memory/multiply-adds.js';
import { outOfMemory } from '../memory/out-of-memory.js';
import { predictMemory } from '../memory/predict.js';
import { profileRun, type RunProfile, standingBytes } from '../memory/run-profile.js';
import { cast, raw, tensorOf } from '../raw.js';
import { notFinite } from '../require-finite.js';
import type { Tensor } from '../tf.js';
import { inPhase, type Trace, withTrace } from '../trace.js';
import { userFrame, withDeepStack } from '../user-frame.js';
import { type Variable, writePending } from '../variable.js';
import type { WorkerGroup } from '../workers/group.js';
import type { CollectiveRun, RunRequest, RunResult } from './runner.js';

/** Values fed to a compiled function; a number is a float32 scalar. `step` is the step counter, see {@link Compiled}. */
export type Inputs = Record<string, HostTensor | number>;
/** Tensors that a compiled function returns. */
export type Outputs = Record<string, Tensor>;
/** The inputs as the function sees them while it is traced. */
export type Traced<I extends Inputs> = { [K in keyof I]: Tensor };
export type Values<O extends Outputs> = { [K in keyof O]: HostTensor };

/**
 * A traced function. Each new combination of input shapes is traced once. Leave the arrays of the inputs alone until the
 * returned promise settles: they are copied when the run starts, after the runs before it. An input named `step` must be a whole
 * number: the function sees it as float32, and it keys the random ops, so that every step draws new numbers and the same step the
 * same.
 */
export interface Compiled<I extends Inputs, O extends Outputs> {
  (inputs: I): Promise<Values<O>>;
  /** Traces for these inputs without running. */
  trace(inputs: I): void;
  /** The peak of live bytes that a run with these inputs would have, and its parts, without running. */
  predict(inputs: I): MemoryPeak;
  /** The multiply-adds of a run's convolutions and matrix products, without running. */
  multiplyAdds(inputs: I): number;
  /** Runs once with TensorFlow's full tracing: the peak of live bytes and its parts, time by op. Slower than a plain run. */
  measure(inputs: I): Promise<RunProfile & { outputs: Values<O> }>;
}

/** The part of a session that compiled functions use. */
export interface CompilingSession {
  readonly graph: Graph;
  readonly seed: number;
  readonly compute: 'float32' | 'bfloat16';
  readonly onGpu: boolean;
  readonly xla: boolean;
  /** The processes that run its functions together; undefined where this one does it alone. */
  readonly workers?: WorkerGroup;
  /** Every variable, by name. */
  readonly variables: ReadonlyMap<string, Variable>;
  run(request: RunRequest): Promise<RunResult>;
}

/** A traced function. */
interface Plan {
  placeholders: Map<string, Node>;
  names: string[];
  fetches: Node[];
  targets: Pointer[];
  guarded?: string[];
  /** Set where it waits for other processes: the number that all of them know the function by. */
  collective?: CollectiveRun;
}

/** How a function is traced. */
export interface CompileOptions {
  /** No gradient is taken in it: a convolution is one operation whatever its geometry, where training takes several. Default false. */
  inference?: boolean;
}

export function compileFunction<I extends Inputs, O extends Outputs>(
  session: CompilingSession,
  name: string,
  fn: (inputs: Traced<I>) => O,
  options: CompileOptions = {},
): Compiled<I, O> {
  const plans = new Map<string, Plan>();

  function planFor(values: [string, HostTensor][]): Plan {
    const key = values.map(([input, value]) => `${input}:${value.dtype}[${value.shape}]`).join(';');
    const untyped = fn as (inputs: Record<string, Tensor>) => Outputs;
    const plan = plans.get(key) ?? tracePlan(session, name, untyped, values, options);
    plans.set(key, plan);
    return plan;
  }

  async function run(inputs: I, traced: boolean) {
    const values = toValues(inputs);
    const plan = planFor(values);
    const feeds = values.map(([input, value]) => [plan.placeholders.get(input)!, value] as const);
    const { fetches, targets, guarded, collective } = plan;
    const result = await session.run({ name, feeds, fetches, targets, traced, collective }).catch((error) => {
      throw notFinite(error, guarded) ?? outOfMemory(error, name, () => predict(inputs)) ?? error;
    });
    const outputs = Object.fromEntries(plan.names.map((output, i) => [output, result.outputs[i]])) as Values<O>;
    return { outputs, metadata: result.metadata };
  }

  function runPlan(values: [string, HostTensor][]) {
    const { placeholders, fetches, targets } = planFor(values);
    return {
      ...session.graph,
      feeds: [...placeholders.values()].map(({ operation }) => operation),
      fetches: fetches.map(({ operation, output }) => ({ operation, output: output.index })),
      targets: targets.map(session.graph.indexOf),
    };
  }

  function predict(inputs: I): MemoryPeak {
    const values = toValues(inputs);
    const { onGpu } = session;
    return predictMemory({ ...runPlan(values), standing: standingBytes(session, values), onGpu });
  }

  return Object.assign(async (inputs: I) => (await run(inputs, false)).outputs, {
    trace: (inputs: I) => void planFor(toValues(inputs)),
    predict,
    multiplyAdds: (inputs: I) => multiplyAdds(runPlan(toValues(inputs))),
    async measure(inputs: I) {
      if (session.xla) throw new Error('a step compiled by XLA cannot be measured: it does not record its allocations');
      const { outputs, metadata } = await run(inputs, true);
      return { outputs, ...profileRun(session, toValues(inputs), metadata!) };
    },
  });
}

function toValues(inputs: Inputs): [string, HostTensor][] {
  return Object.entries(inputs).map(([name, value]) => {
    if (name === 'step') return [name, stepValue(value)];
    return [name, typeof value === 'number' ? float32(value) : value];
  });
}

function stepValue(value: HostTensor | number): HostTensor {
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new Error('the input `step` must be a whole number');
  return { dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) };
}

/** Traces `fn` for inputs of any length: the nodes of its inputs and outputs, by name. Dimensions are those of `values` all the same. */
export function traceAnyLength(
  session: CompilingSession,
  name: string,
  fn: (inputs: Record<string, Tensor>) => Outputs,
  values: Record<string, Shaped>,
): { inputs: Map<string, Node>; outputs: Map<string, Node> } {
  const { placeholders, names, fetches } = tracePlan(session, name, fn, Object.entries(values), {
    inference: true,
    anyLength: true,
  });
  return { inputs: placeholders, outputs: new Map(names.map((output, i) => [output, fetches[i]])) };
}

type Shaped = Pick<HostTensor, 'dtype' | 'shape'>;

function tracePlan(
  session: CompilingSession,
  name: string,
  fn: (inputs: Record<string, Tensor>) => Outputs,
  values: [string, Shaped][],
  { inference = false, anyLength = false }: CompileOptions & { anyLength?: boolean },
): Plan {
  const { graph, seed, compute, onGpu, workers } = session;
  const placeholders = new Map<string, Node>();
  for (const [input, { dtype, shape }] of values) {
    const attributes = [typeAttr('dtype', dataTypeOf(dtype)), shapeAttr('shape', shape)];
    placeholders.set(input, graph.add('Placeholder', [], attributes).outputs[0]);
  }
  const trace: Trace = {
    name,
    graph,
    seed,
    compute,
    onGpu,
    step: placeholders.get('step'),
    controls: [],
    effects: [],
    variables: new Map(),
    replaying: false,
    observations: new Map(),
    draws: new Set(),
    kept: [],
    anyLength,
    inference,
    workers,
    collectives: [],
  };
  const outputs = withTrace(trace, () => withDeepStack(() => traceOutputs(trace, fn, placeholders)));
  const { effects: targets, guarded } = trace;
  const collective = trace.collectives.length > 0 ? collectiveRun(workers!) : undefined;
  return { placeholders, names: [...outputs.keys()], fetches: [...outputs.values()], targets, guarded, collective };
}

const collectiveRun = (workers: WorkerGroup): CollectiveRun => ({
  key: workers.nextKey(),
  timeoutSeconds: 2 * workers.timeoutSeconds,
});

/** Calls the function once; returns the nodes of its outputs, by name. */
function traceOutputs(
  trace: Trace,
  fn: (inputs: Record<string, Tensor>) => Outputs,
  placeholders: Map<string, Node>,
): Map<string, Node> {
  const fetched = new Map<string, Node>();
  try {
    tensorflow.tidy(() => {
      const inputs = [...placeholders].map(([input, node]) => {
        const tensor = tensorOf(node);
        return [input, input === 'step' ? cast(tensor, 'float32') : tensor];
      });
      const outputs = fn(Object.fromEntries(inputs));
      inPhase('update', writePending);
      if (trace.failure) throw trace.failure;
      for (const [output, tensor] of Object.entries(checkOutputs(outputs))) fetched.set(output, fetchable(tensor));
    });
    return fetched;
  } catch (error) {
    throw withPlace(error, trace.name);
  } finally {
    tensorflow.dispose(trace.kept);
  }
}

function checkOutputs(outputs: unknown): Outputs {
  if (outputs instanceof Promise) {
    outputs.catch(() => {});
    throw new Error('a compiled function cannot be async: it is traced in a single call');
  }
  const values = Object.entries(outputs ?? {});
  const other = values.find(([, value]) => !(value instanceof tensorflow.Tensor));
  if (other) throw new Error(`output '${other[0]}' is not a tensor`);
  return Object.fromEntries(values);
}

/** The node to fetch; an input returned unchanged gets an Identity, for TensorFlow refuses to fetch a fed node. */
function fetchable(tensor: Tensor): Node {
  const node = nodeOf(tensor);
  return node.type === 'Placeholder' ? nodeOf(raw('Identity', [tensor])[0]) : node;
}

/** Adds the function and the user's line to an error that arose while tracing. */
function withPlace(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const place = userFrame(error.stack);
  error.message = `${error.message} (tracing '${name}'${place ? `, at ${place}` : ''})`;
  return error;
}
