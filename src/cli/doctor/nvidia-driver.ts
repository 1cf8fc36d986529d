/** The NVIDIA drivers that will do: of CUDA 12; for compute capability 9.0 TensorFlow brings code that CUDA 12.5 compiles. */
export const DRIVER = '525 or newer (555 or newer for H100, H200 and later GPUs)';

/** CUDA version of the libraries that `voxloop setup --gpu` installs. */
export const CUDA_MAJOR = 12;
