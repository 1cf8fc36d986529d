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
 * One GPU for each worker of this machine, in order of rank; undefined where they compute on CPUs. `auto` takes GPUs where all workers run here
 * and there are enough: of other machines nothing is known, and workers on different devices would drift apart.
 * @throws UserError where `gpu` is asked for and there are too few
 */
export function gpusOfWorkers({ cluster, device, gpus, usable }: GpuRequest): string[] | undefined {
  if (device === 'cpu') return undefined;
  const places = cluster.local.map((rank) => placeOnMachine(rank, cluster.addresses));
  // A launcher that gives each worker one GPU has chosen already.
  const found =
    gpus.chosen && gpus.names.length === 1 && places.length === 1
      ? gpus.names
      : places.map((place) => gpus.names[place]);
  const enough = found.every((name) => name !== undefined);
  if (device === 'auto') return usable && enough && cluster.addresses === undefined ? found : undefined;
  if (enough) return found;
  const seen = gpus.chosen ? `CUDA_VISIBLE_DEVICES leaves it ${gpus.names.length}` : `it has ${gpus.names.length}`;
  throw new UserError(
    `device: gpu: each worker takes a GPU of its own, this machine runs workers up to number ${Math.max(...places) + 1}, and ${seen}. ` +
      'Start fewer workers, or set device: cpu.',
  );
}

/** How many workers of lower rank run on a worker's machine. */
function placeOnMachine(rank: number, addresses: readonly string[] | undefined): number {
  if (!addresses) return rank;
  const hostOf = (address: string) => address.slice(0, address.lastIndexOf(':'));
  return addresses.slice(0, rank).filter((address) => hostOf(address) === hostOf(addresses[rank])).length;
}
