/** Threads that are asked for at most: TensorFlow starts as many as it is told to, and a machine can die of them. */
export const MOST_THREADS = 1024;
