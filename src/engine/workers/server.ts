import { UserError } from '../../errors.js';
import { intField, messageField, stringField } from '../../io/protobuf/fields.js';
import { cApi, checked, type Pointer, TensorFlowError } from '../graph/c-api.js';
import { allowSources } from './socket-filter.js';

/** The job that all workers are tasks of, as TensorFlow names them. */
const JOB = 'worker';

/** One process's place in a cluster. */
export interface ServerOptions {
  /** `host:port` of every worker, in order of rank. */
  addresses: readonly string[];
  rank: number;
  /** Threads of one operation's computation; 0 leaves it to TensorFlow. */
  threads: number;
  /** The IPv4 and IPv6 addresses that may connect; all others are dropped by the kernel. */
  sources: readonly string[];
  /** What to do where the kernel cannot be told so: listen to everybody, or refuse. */
  unfiltered: 'listen' | 'refuse';
  /** It computes on the GPU that its process sees; else it hides all of them. Default false. */
  gpu?: boolean;
  /** The user has named the port, and must name another where it is taken. */
  portsNamed: boolean;
}

/**
 * Starts TensorFlow's server in this process; it lives as long as the process, for TensorFlow cannot end one. Returns the target that sessions
 * address it by. The server listens on all interfaces, whatever address it is given, so its sockets are given a filter before it answers.
 * @throws UserError where a named port is taken, or where everybody could connect and `unfiltered` is refuse; TensorFlowError where a port that
 * was not named is taken
 */
export function startServer(options: ServerOptions): string {
  const { addresses, rank, sources, unfiltered, portsNamed } = options;
  const c = cApi();
  const definition = serverDef(options);
  const port = Number(addresses[rank].split(':').at(-1));
  const server: Pointer = started(portsNamed ? port : undefined, () =>
    checked('NewServer', (status) => c.NewServer(definition, definition.length, status)),
  );
  const fault = allowSources(port, sources);
  if (fault && unfiltered === 'refuse') {
    throw new UserError(
      `TensorFlow's server would listen on all interfaces of this machine, without a password, and the kernel does not filter its ` +
        `connections: ${fault}. Where a firewall closes port ${port}, say so with --allow-network.`,
    );
  }
  checked('ServerStart', (status) => c.ServerStart(server, status));
  return c.ServerTarget(server);
}

function started(named: number | undefined, start: () => Pointer): Pointer {
  try {
    return start();
  } catch (error) {
    if (named === undefined || !(error instanceof TensorFlowError)) throw error;
    throw new UserError(
      `TensorFlow's server could not be started on port ${named}: ${error.detail}. Is the port in use? Name another.`,
    );
  }
}

/** Serialises a ServerDef (tensorflow/core/protobuf/tensorflow_server.proto). */
export function serverDef({
  addresses,
  rank,
  threads,
  gpu = false,
}: Pick<ServerOptions, 'addresses' | 'rank' | 'threads' | 'gpu'>): Uint8Array {
  const tasks = addresses.flatMap((address, task) =>
    messageField(2, intField(1, task).concat(stringField(2, address))),
  );
  const cluster = messageField(1, stringField(1, JOB).concat(tasks));
  return Uint8Array.from(
    messageField(1, cluster).concat(
      stringField(2, JOB),
      intField(3, rank),
      messageField(4, serverConfig(rank, threads, gpu)),
      stringField(5, 'grpc'),
    ),
  );
}

/** Field 1 is device_count, which hides all GPUs; 2 and 5 are the threads within and between operations. */
const serverConfig = (rank: number, threads: number, gpu: boolean): number[] =>
  (gpu ? [] : messageField(1, stringField(1, 'GPU').concat(intField(2, 0)))).concat(
    threads > 0 ? intField(2, threads) : [],
    intField(5, 1),
    groupConfig(rank),
  );

/**
 * What a ConfigProto must hold for collective operations (tensorflow/core/protobuf/config.proto): device_filters (4) leaves a session its
 * own process's devices, isolate_session_state (15) gives it variables of its own, and experimental.collective_group_leader (16, 1) names
 * the process that numbers groups and steps.
 */
export const groupConfig = (rank: number): number[] =>
  stringField(4, `/job:${JOB}/task:${rank}`).concat(
    intField(15, 1),
    messageField(16, stringField(1, `/job:${JOB}/replica:0/task:0`)),
  );
