import { UserError } from '../../errors.js';
import type { DType, HostTensor } from '../../host-tensor.js';
import { MOST_THREADS } from '../../most-threads.js';
import { kernelBackend } from '../backend.js';
import { type CApi, cApi, checked, type Pointer } from '../graph/c-api.js';
import { createGraph, type Graph } from '../graph/graph.js';
import { createVariable, type Variable } from '../variable.js';
import {
  type Compiled,
  type CompileOptions,
  type CompilingSession,
  compileFunction,
  type Inputs,
  type Outputs,
  type Traced,
} from './compile.js';
import { createRunner } from './runner.js';
import { configProto, type SessionOptions } from './session-config.js';
import { createVariableValues, type Initial } from './variable-values.js';

/** A device as TensorFlow names it. */
export interface Device {
  name: string;
  type: string;
  memoryBytes: number;
}

/** One graph and the values of its variables on one device. */
export interface Session extends CompilingSession {
  readonly devices: Device[];
  /** Creates a variable; `initial` is a value, a number to fill it with, or a function that makes the value. Names are unique. */
  variable(name: string, shape: number[], initial: Initial, dtype?: DType): Variable;
  /** Traces `fn` once per set of input shapes and runs it as one graph call. */
  compile<I extends Inputs, O extends Outputs>(
    name: string,
    fn: (inputs: Traced<I>) => O,
    options?: CompileOptions,
  ): Compiled<I, O>;
  /** Sets variables from values, by name; unknown names and wrong shapes throw. */
  load(values: Record<string, HostTensor>): Promise<void>;
  /** Reads variables, all of them or those named. */
  save(names?: Iterable<string>): Promise<Record<string, HostTensor>>;
  /** Frees graph and variables, after the runs in flight; using the session or its functions then throws. */
  close(): Promise<void>;
}

/** Opens a session; throws UserError for `device: 'gpu'` when none is usable. */
export function openSession(options: SessionOptions = {}): Session {
  claimThreads(options.threads ?? 0);
  const c = cApi();
  kernelBackend();
  const graph = createGraph();
  const { workers } = options;
  const pointer = newSession(c, graph, configProto(options), workers?.target);
  const devices = listDevices(c, pointer);
  if (options.device === 'gpu' && !devices.some(({ type }) => type === 'GPU')) {
    deleteSession(c, pointer);
    graph.close();
    throw new UserError(
      `device 'gpu' was asked for, but TensorFlow sees only ${devices.map((device) => device.type).join(', ')}. ` +
        'Run `npx voxloop setup --gpu` for the CUDA libraries and `npx voxloop doctor --device gpu` for details.',
    );
  }
  const onGpu = devices.some(({ type }) => type === 'GPU');
  // Workers on CPUs may be several in a process, and wait for each other: a turn that one of them waits for might be that of another's wait.
  const runner = createRunner(pointer, workers && !onGpu ? undefined : (options.tf32 ?? false));
  const variables = new Map<string, Variable>();
  const values = createVariableValues(graph, runner.run);
  let closing: Promise<void> | undefined;

  const session: Session = {
    graph,
    seed: options.seed ?? 0,
    compute: options.compute ?? 'float32',
    onGpu,
    xla: options.xla ?? false,
    workers,
    devices,
    variables,
    variable(name, shape, initial, dtype = 'float32') {
      if (variables.has(name)) throw new Error(`there is already a variable '${name}'`);
      const variable = createVariable(graph, name, [...shape], dtype);
      variables.set(name, variable);
      values.initialise(variable, initial);
      return variable;
    },
    compile: (name, fn, options) => compileFunction(session, name, fn, options),
    load: (tensors) => values.load(variables, tensors),
    save: (names) => values.save(variables, names ?? variables.keys()),
    async run(request) {
      await values.flush();
      return runner.run(request);
    },
    close() {
      closing ??= runner.close().then(() => {
        deleteSession(c, pointer);
        graph.close();
      });
      return closing;
    },
  };
  return session;
}

let processThreads: number | undefined;

/** TensorFlow makes one pool of threads, for the first session of a process; another number later would be ignored in silence. */
function claimThreads(threads: number): void {
  if (threads > MOST_THREADS)
    throw new UserError(`${threads} threads are too many: give at most ${MOST_THREADS}, or 0 for one per core.`);
  processThreads ??= threads;
  if (threads === 0 || threads === processThreads) return;
  throw new UserError(
    `${threads} threads were asked for, but this process computes with ${processThreads || 'the default number of'} threads: ` +
      'the first session sets them for all. Open it with this number, or start another process.',
  );
}

function newSession(c: CApi, graph: Graph, config: Uint8Array, target?: string): Pointer {
  const options: Pointer = c.NewSessionOptions();
  try {
    if (target !== undefined) c.SetTarget(options, target);
    checked('SetConfig', (status) => c.SetConfig(options, config, config.length, status));
    return checked('NewSession', (status) => c.NewSession(graph.pointer, options, status));
  } finally {
    c.DeleteSessionOptions(options);
  }
}

function deleteSession(c: CApi, session: Pointer): void {
  checked('CloseSession', (status) => c.CloseSession(session, status));
  checked('DeleteSession', (status) => c.DeleteSession(session, status));
}

function listDevices(c: CApi, session: Pointer): Device[] {
  const list: Pointer = checked('ListDevices', (status) => c.SessionListDevices(session, status));
  try {
    return Array.from({ length: c.DeviceListCount(list) }, (_, i) =>
      checked('ListDevices', (status) => ({
        name: c.DeviceListName(list, i, status) as string,
        type: c.DeviceListType(list, i, status) as string,
        memoryBytes: Number(c.DeviceListMemoryBytes(list, i, status)),
      })),
    );
  } finally {
    c.DeleteDeviceList(list);
  }
}
