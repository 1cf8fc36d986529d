import { z } from 'zod';

/** Name of the environment variable that tells a worker its place, as JSON. */
export const PLACE = 'VOXLOOP_WORKER';

/** True in a process that a supervisor has started. */
export const isWorker = (): boolean => process.env[PLACE] !== undefined;

/** A worker's place among the others, as its supervisor hands it down. */
export const workerPlace = z.strictObject({
  rank: z.number().int(),
  /** `host:port` of every worker, in order of rank. */
  addresses: z.array(z.string()),
  /** The user has named their ports; else the supervisor found them free. */
  portsNamed: z.boolean(),
  /** Network addresses that may connect, beside loopback. */
  sources: z.array(z.string()),
  /** Go on where the kernel cannot keep others out. */
  allowNetwork: z.boolean(),
  wire: z.enum(['float32', 'bfloat16']),
  timeoutSeconds: z.number(),
  /** A folder of this machine for what need not outlive the attempt. */
  scratch: z.string(),
  /** Workers of this machine, which share its cores. */
  local: z.number().int(),
  /** Those of them that share the memory of its device. */
  sharing: z.number().int(),
  /** The GPU that it computes on, as CUDA_VISIBLE_DEVICES names it; else it computes on the CPU. */
  gpu: z.string().optional(),
});
export type WorkerPlace = z.output<typeof workerPlace>;

/** What a worker tells its supervisor: that it is alive, and whether it does its part of a training or of other work. */
export interface WorkerSign {
  working: boolean;
}

/** What a supervisor tells its workers. */
export const STOP_MESSAGE = 'stop';

/** Interval of a worker's signs. */
export const SIGN_MS = 500;
