import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { determinismAsked } from '../../engine/graph/deterministic.js';
import { locateLibrary } from '../../engine/library/locate.js';
import { UserError } from '../../errors.js';
import type { Json } from '../../plugin/json.js';
import type { ResolvedConfig } from '../config/config.js';
import { voxloopVersion } from './version.js';

/** The contents of environment.json: versions, machine, and the TensorFlow library that a run of this config will load. */
export function describeRun({ seed, device, threads, deterministic }: ResolvedConfig): { [key: string]: Json } {
  return {
    voxloop: voxloopVersion(),
    gitCommit: gitCommit(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? null,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    seed,
    device,
    threads,
    deterministic: deterministic || determinismAsked(),
    ...describeLibrary(device),
  };
}

/** A recipe without networks needs no library. */
function describeLibrary(device: ResolvedConfig['device']): { tensorflow: string | null; tensorflowGpu: boolean } {
  try {
    const { version, gpu } = locateLibrary({ gpu: device === 'auto' ? undefined : device === 'gpu' });
    return { tensorflow: version, tensorflowGpu: gpu };
  } catch (error) {
    if (error instanceof UserError) return { tensorflow: null, tensorflowGpu: false };
    throw error;
  }
}

/** The commit of the clone this code runs in; null in an installed package. */
function gitCommit(): string | null {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  if (root.includes('node_modules')) return null;
  try {
    const git = ['rev-parse', 'HEAD'];
    return execFileSync('git', git, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
