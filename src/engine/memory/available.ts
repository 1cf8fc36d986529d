/** The memory that tensors may take, and the limit that it comes from. */
export interface MemoryBudget {
  bytes: number;
  source: string;
}

/** The memory that a session on these devices has, as far as it is known before it runs. */
export function availableMemory(
  devices: readonly { type: string; memoryBytes: number }[],
  env: NodeJS.ProcessEnv = process.env,
): MemoryBudget {
  const gpu = devices.find(({ type }) => type === 'GPU');
  if (gpu) return { bytes: gpu.memoryBytes, source: 'the GPU memory that TensorFlow may use' };
  const limitMegabytes = Number(env.TF_CPU_BFC_MEM_LIMIT_IN_MB);
  if (/^(1|true)$/i.test(env.TF_CPU_ALLOCATOR_USE_BFC ?? '') && limitMegabytes > 0) {
    return { bytes: limitMegabytes * 2 ** 20, source: 'TF_CPU_BFC_MEM_LIMIT_IN_MB' };
  }
  return { bytes: process.availableMemory(), source: "this machine's free memory" };
}
