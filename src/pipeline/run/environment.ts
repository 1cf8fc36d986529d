import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Json } from '../../plugin/json.js';
import { voxloopVersion } from './version.js';

/** The environment of a run; `engine` describes the tensor library (its version, whether it is built for GPUs). */
export function describeEnvironment(
  run: { seed: number; device: string; threads: number },
  engine: { [key: string]: Json } = {},
): { [key: string]: Json } {
  return {
    voxloop: voxloopVersion(),
    gitCommit: gitCommit(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model ?? null,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    ...run,
    ...engine,
  };
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
