import { readdirSync } from 'node:fs';
import { UserError } from '../../errors.js';
import type { Cluster } from './cluster.js';

/** The GPUs of a machine that its processes may use. */
export interface VisibleGpus {
  /** As CUDA_VISIBLE_DEVICES names them: numbers, or identifiers. */
  names: string[];
  /** Whoever started this process chose them, with CUDA_VISIBLE_DEVICES. */
  chosen: boolean;
}

/** The GPUs that the environment leaves to this process; of those whose files the kernel shows, all. */
export function visibleGpus(
  env: NodeJS.ProcessEnv = process.env,
  devices: readonly string[] = listDevices(),
): VisibleGpus {
  const { CUDA_VISIBLE_DEVICES: chosen } = env;
  if (chosen === undefined)
    return { names: devices.flatMap((name) => /^nvidia(\d+)$/.exec(name)?.[1] ?? []).sort(byNumber), chosen: false };
  const names = chosen.split(',').map((name) => name.trim());
  // CUDA ends its list at the first name that is none, such as -1.
  const end = names.findIndex((name) => name === '' || name.startsWith('-'));
  return { names: names.slice(0, end < 0 ? undefined : end), chosen: true };
}

const byNumber = (a: string, b: string): number => Number(a) - Number(b);

function listDevices(): string[] {
  try {
    return readdirSync('/dev');
  } catch {
    return [];
  }
}

/** What decides about the GPUs of a run with workers. */
export interface GpuRequest {
  cluster: Pick<Cluster, 'local' | 'addresses'>;
  device: 'auto' | 'cpu' | 'gpu';
  gpus: VisibleGpus;
  /** TensorFlow for GPUs is installed, and there is a driver. */
  usable: boolean;
}

/**
 * The GPU of each worker of this machine, in order of rank; undefined where they compute on CPUs. `gpu` goes round those that there are, so that
 * workers share some where there are fewer. `auto` takes GPUs where all workers run here and each can have its own: of other machines nothing is
 * known, and workers on different devices would drift apart.
 * @throws UserError where `gpu` is asked for and there is none
 */
export function gpusOfWorkers({ cluster, device, gpus, usable }: GpuRequest): string[] | undefined {
  if (device === 'cpu') return undefined;
  const { names, chosen } = gpus;
  const places = cluster.local.map((rank) => placeOnMachine(rank, cluster.addresses));
  const enough = places.every((place) => place < names.length);
  if (device === 'auto' && !(usable && enough && cluster.addresses === undefined)) return undefined;
  // Where a launcher has given each worker one GPU, that is the one.
  if (names.length > 0) return places.map((place) => names[place % names.length]);
  const seen = chosen ? 'CUDA_VISIBLE_DEVICES leaves it none' : 'it has none';
  throw new UserError(
    `device: gpu: the workers of this machine compute on its GPUs, and ${seen}. Set device: cpu, or run \`npx voxloop doctor --device gpu\`.`,
  );
}

/** How many workers of this machine compute on a GPU. */
export const sharing = (gpu: string, gpus: readonly string[]): number => gpus.filter((name) => name === gpu).length;

/** The GPUs of the workers in words, in order of rank. */
export function describeGpus(gpus: readonly string[]): string {
  const all = [...new Set(gpus)];
  if (all.length === gpus.length) return `GPUs ${gpus.join(', ')}`;
  const shares = all.map((gpu) => `${sharing(gpu, gpus)} on GPU ${gpu}`);
  return `fewer GPUs than workers: ${shares.join(', ')}; those that share one take turns, and parts of its memory`;
}

/** How many workers of lower rank run on a worker's machine. */
function placeOnMachine(rank: number, addresses: readonly string[] | undefined): number {
  if (!addresses) return rank;
  const hostOf = (address: string) => address.slice(0, address.lastIndexOf(':'));
  return addresses.slice(0, rank).filter((address) => hostOf(address) === hostOf(addresses[rank])).length;
}
