import { intField, messageField, stringField } from '../../io/protobuf/fields.js';
import { hasNvidiaDriver } from '../library/platform.js';
import type { WorkerGroup } from '../workers/group.js';
import { groupConfig } from '../workers/server.js';

/** The device, threads, numeric type and seed of a session. */
export interface SessionOptions {
  /** `gpu` fails when there is none; `auto` takes one if it is usable. Default `auto`. */
  device?: 'auto' | 'cpu' | 'gpu';
  /**
   * Threads of one op's computation; 0 leaves it to TensorFlow (all cores). The first session of a process sets them for all;
   * a later one with another number throws a UserError. Default 0.
   */
  threads?: number;
  /** Compile with XLA. Such a session cannot measure a step. Default false. */
  xla?: boolean;
  /** Type of convolutions and matrix products; variables and reductions stay float32. Default float32. */
  compute?: 'float32' | 'bfloat16';
  /**
   * Let a GPU round the factors of float32 products and convolutions to TF32: faster, with errors of 1e-3 where float32 has 1e-7. The switch is
   * the process's, so runs of sessions that differ in it never overlap: one waits for the other. Nothing changes on a CPU. Default false.
   */
  tf32?: boolean;
  /** Seed of the random ops. Default 0. */
  seed?: number;
  /** The processes that run its functions together, each on a part of the batch. Default: this one alone. */
  workers?: WorkerGroup;
}

/**
 * Grappler's constant folding and arithmetic rewrites, off (RewriterConfig 3 and 7; 2 is OFF). The one moves operations past the
 * control edges that keep recomputation in order, and can close a loop in the graph; the other may rewrite a forward pass and its
 * recomputation differently, which then do not agree bit by bit. A training step is no slower without them.
 */
const REWRITES = [...intField(3, 2), ...intField(7, 2)];

/**
 * Work of Grappler that comes to nothing on a CPU and is nearly half of what a graph's first run takes: layouts for GPUs (1; 2 is OFF), swapping
 * to the host's memory (4; 1 is NO_MEM_OPT), and a second round of all rewrites (12; 1 is ONE).
 */
const IDLE_ON_CPU = [...intField(1, 2), ...intField(4, 1), ...intField(12, 1)];

/** Serialises a ConfigProto (tensorflow/core/protobuf/config.proto). */
export function configProto({ device = 'auto', threads = 0, xla = false, workers }: SessionOptions): Uint8Array {
  const noGpu = messageField(1, [...stringField(1, 'GPU'), ...intField(2, 0)]);
  const onCpu = device === 'cpu' || (device === 'auto' && !hasNvidiaDriver());
  const rewrites = messageField(10, [...REWRITES, ...(onCpu ? IDLE_ON_CPU : [])]);
  const graph = messageField(10, [...(xla ? messageField(3, intField(5, 2)) : []), ...rewrites]);
  return Uint8Array.from([
    ...(device === 'cpu' ? noGpu : []),
    ...(threads > 0 ? [...intField(2, threads), ...intField(5, threads)] : []),
    ...intField(7, 1),
    ...graph,
    ...(workers ? groupConfig(workers.rank) : []),
  ]);
}
