/** How much memory tensors may take, and who says so. */
export interface MemoryBudget {
  bytes: number;
  source: string;
}

/** The memory that a session on these devices can have, as far as it is known before it runs. */
export function availableMemory(
  devices: readonly { type: string; memoryBytes: number }[],
  env: NodeJS.ProcessEnv = process.env,
): MemoryBudget {
  const gpu = devices.find(({ type }) => type === 'GPU');
  if (gpu) return { bytes: gpu.memoryBytes, source: 'what TensorFlow may take of the GPU' };
  const limitMegabytes = Number(env.TF_CPU_BFC_MEM_LIMIT_IN_MB);
  if (/^(1|true)$/i.test(env.TF_CPU_ALLOCATOR_USE_BFC ?? '') && limitMegabytes > 0) {
    return { bytes: limitMegabytes * 2 ** 20, source: 'TF_CPU_BFC_MEM_LIMIT_IN_MB' };
  }
  return { bytes: process.availableMemory(), source: "this machine's free memory" };
}
