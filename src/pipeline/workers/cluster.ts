import { z } from 'zod';
import { UserError } from '../../errors.js';
import { expandHosts } from './host-list.js';

/** The workers of a run, and which of them this machine starts. */
export interface Cluster {
  count: number;
  /** Ranks of those that are started here, in order. */
  local: number[];
  /** `host:port` of every worker, in order of rank; undefined where all of them run here, on any free ports. */
  addresses?: string[];
}

/** As they are written on the command line. */
export interface ClusterFlags {
  /** Workers of this machine. */
  workers?: number;
  /** `host:port,host:port`, or `env`. */
  cluster?: string;
  /** Rank of the first worker of this machine. */
  rank?: number;
}

type Environment = Record<string, string | undefined>;

/** Where SLURM and torchrun name a host only: the first worker's port, unless MASTER_PORT is set. */
const BASE_PORT = 29_510;

/**
 * The workers that flags, or the field's environment variables, describe; undefined for a run in one process. Of the environment it reads
 * TF_CONFIG; else RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT; else SLURM_PROCID, SLURM_NTASKS,
 * SLURM_NODELIST and SLURM_TASKS_PER_NODE.
 * @throws UserError for flags or variables that contradict each other or leave something open
 */
export function clusterOf({ workers, cluster, rank }: ClusterFlags, environment: Environment): Cluster | undefined {
  if (cluster === undefined) {
    if (rank !== undefined) throw new UserError('--rank: it counts the workers of --cluster. Give both or neither.');
    return workers === undefined ? undefined : { count: workers, local: [...Array(workers).keys()] };
  }
  if (cluster === 'env') {
    if (rank !== undefined || workers !== undefined)
      throw new UserError('--cluster env: the environment says who runs where. Leave --rank and --workers out.');
    return checked(ofEnvironment(environment));
  }
  if (rank === undefined) throw new UserError('--cluster: --rank is missing, the number of the first worker here.');
  const local = Array.from({ length: workers ?? 1 }, (_, i) => rank + i);
  return checked({ addresses: cluster.split(',').map((address) => address.trim()), local });
}

function checked({ addresses, local }: { addresses: string[]; local: number[] }): Cluster {
  const wrong = addresses.find(
    (address) => !/^[\w.-]+:\d{1,5}$/.test(address) || Number(address.split(':')[1]) > 65_535,
  );
  if (wrong !== undefined) throw new UserError(`'${wrong}' is no address of a worker: write host:port.`);
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i);
  if (twice !== undefined) throw new UserError(`${twice} stands for two workers: each needs a port of its own.`);
  const outside = local.find((rank) => rank < 0 || rank >= addresses.length);
  if (outside !== undefined)
    throw new UserError(`worker ${outside} is none of the ${addresses.length} of the cluster, which count from 0.`);
  return { count: addresses.length, local, addresses };
}

function ofEnvironment(environment: Environment): { addresses: string[]; local: number[] } {
  if (environment.TF_CONFIG !== undefined) return ofTensorFlow(environment.TF_CONFIG);
  if (environment.RANK !== undefined && environment.WORLD_SIZE !== undefined) return ofTorchrun(environment);
  if (environment.SLURM_PROCID !== undefined) return ofSlurm(environment);
  throw new UserError(
    '--cluster env: neither TF_CONFIG, nor RANK and WORLD_SIZE, nor SLURM_PROCID is set. Write the addresses: --cluster host:port,host:port.',
  );
}

const tensorFlowConfig = z.object({
  cluster: z.object({ chief: z.array(z.string()).default([]), worker: z.array(z.string()).default([]) }),
  task: z.object({ type: z.enum(['chief', 'worker']), index: z.number().int().nonnegative() }),
});

function ofTensorFlow(text: string): { addresses: string[]; local: number[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError('TF_CONFIG is not JSON.');
  }
  const { success, data } = tensorFlowConfig.safeParse(value);
  if (!success)
    throw new UserError('TF_CONFIG: it must hold cluster.worker (a list of host:port), task.type and task.index.');
  const { chief, worker } = data.cluster;
  const { type, index } = data.task;
  return { addresses: chief.concat(worker), local: [type === 'chief' ? index : chief.length + index] };
}

/** A whole number from a variable; `otherwise` where it is not set. */
function numberOf(environment: Environment, name: string, otherwise?: number): number {
  const text = environment[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw new UserError(text === undefined ? `${name} is not set.` : `${name} is '${text}', and must be a whole number.`);
}

/** torchrun names the first worker's host only: that is enough where all are on it. */
function ofTorchrun(environment: Environment): { addresses: string[]; local: number[] } {
  const [rank, count] = [numberOf(environment, 'RANK'), numberOf(environment, 'WORLD_SIZE')];
  const here = numberOf(
    environment,
    'LOCAL_WORLD_SIZE',
    numberOf(environment, 'LOCAL_RANK', rank) === rank ? count : 0,
  );
  if (here !== count) {
    throw new UserError(
      `RANK and WORLD_SIZE say that ${count} workers are on several machines, and not which: MASTER_ADDR names one. ` +
        'Give --cluster host:port,host:port --rank R, or TF_CONFIG.',
    );
  }
  const host = environment.MASTER_ADDR ?? '127.0.0.1';
  const port = numberOf(environment, 'MASTER_PORT', BASE_PORT - 1) + 1;
  return { addresses: Array.from({ length: count }, (_, i) => `${host}:${port + i}`), local: [rank] };
}

function ofSlurm(environment: Environment): { addresses: string[]; local: number[] } {
  const [rank, count] = [numberOf(environment, 'SLURM_PROCID'), numberOf(environment, 'SLURM_NTASKS')];
  const hosts = expandHosts(environment.SLURM_NODELIST ?? environment.SLURM_JOB_NODELIST ?? '');
  const tasks = tasksPerHost(environment.SLURM_TASKS_PER_NODE ?? environment.SLURM_STEP_TASKS_PER_NODE ?? '1');
  const port = numberOf(environment, 'MASTER_PORT', BASE_PORT);
  const addresses = hosts.flatMap((host, i) =>
    Array.from({ length: tasks[i] ?? tasks.at(-1)! }, (_, task) => `${host}:${port + task}`),
  );
  if (addresses.length !== count) {
    throw new UserError(
      `SLURM_NODELIST and SLURM_TASKS_PER_NODE name ${addresses.length} workers, and SLURM_NTASKS ${count}. ` +
        'Give --cluster host:port,host:port --rank R.',
    );
  }
  return { addresses, local: [rank] };
}

/** SLURM's short form: `2(x3),1` is 2, 2, 2, 1. */
const tasksPerHost = (text: string): number[] =>
  text.split(',').flatMap((part) => {
    const match = /^(\d+)(?:\(x(\d+)\))?$/.exec(part.trim());
    if (!match) throw new UserError(`SLURM_TASKS_PER_NODE: '${part}' is not understood.`);
    return Array<number>(Number(match[2] ?? 1)).fill(Number(match[1]));
  });
