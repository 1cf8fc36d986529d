/** A Python package file (a zip) that holds part of the TensorFlow library. */
export interface Wheel {
  /** Name of the project on a package index. */
  project: string;
  file: string;
  sha256: string;
  /** Size of the file. */
  bytes: number;
  /** Size of what is unpacked of it. */
  unpackedBytes: number;
}

/** The version that voxloop is built and tested with. */
export const PINNED_VERSION = '2.21.0';

/** The oldest version whose CUDA libraries are those of `CUDA_WHEELS` (cuDNN 9); older ones were built for cuDNN 8. */
export const OLDEST_CUDA_VERSION = '2.18.0';

// Checksums as the package index publishes them; each CPU wheel and the main GPU wheel was also downloaded and hashed.
const CPU_WHEELS: Record<string, Wheel & { version: string }> = {
  'linux-x64': {
    version: PINNED_VERSION,
    project: 'tensorflow-cpu',
    file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    bytes: 273829956,
    unpackedBytes: 853308936,
  },
  'linux-arm64': {
    version: PINNED_VERSION,
    project: 'tensorflow',
    file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    bytes: 281828020,
    unpackedBytes: 883062208,
  },
  'darwin-arm64': {
    version: PINNED_VERSION,
    project: 'tensorflow',
    file: 'tensorflow-2.21.0-cp311-cp311-macosx_12_0_arm64.whl',
    sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
    bytes: 223405849,
    unpackedBytes: 740805624,
  },
  // The last version that was published for Macs with an Intel processor.
  'darwin-x64': {
    version: '2.16.2',
    project: 'tensorflow',
    file: 'tensorflow-2.16.2-cp311-cp311-macosx_10_15_x86_64.whl',
    sha256: 'ec06570d57bfa0e2be804405e3cdc2960e94887e7619ffb6bc053e9775b695aa',
    bytes: 259588062,
    unpackedBytes: 735388648,
  },
};

const GPU_WHEEL: Wheel & { version: string } = {
  version: PINNED_VERSION,
  project: 'tensorflow',
  file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
  sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  bytes: 572440367,
  unpackedBytes: 1259021080,
};

// The newest releases within the bounds that the wheel's own `and-cuda` extra names, but cuRAND's: TensorFlow draws by kernels of its own.
export const CUDA_WHEELS: readonly Wheel[] = [
  {
    project: 'nvidia-cublas-cu12',
    file: 'nvidia_cublas_cu12-12.9.3.13-py3-none-manylinux_2_27_x86_64.whl',
    sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    bytes: 581217458,
    unpackedBytes: 854310592,
  },
  {
    project: 'nvidia-cuda-cupti-cu12',
    file: 'nvidia_cuda_cupti_cu12-12.9.79-py3-none-manylinux_2_25_x86_64.whl',
    sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    bytes: 10814997,
    unpackedBytes: 7604800,
  },
  {
    project: 'nvidia-cuda-nvcc-cu12',
    file: 'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    bytes: 40546229,
    unpackedBytes: 35417224,
  },
  {
    project: 'nvidia-cuda-nvrtc-cu12',
    file: 'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    bytes: 89568129,
    unpackedBytes: 113447240,
  },
  {
    project: 'nvidia-cuda-runtime-cu12',
    file: 'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    bytes: 3493179,
    unpackedBytes: 741088,
  },
  {
    project: 'nvidia-cudnn-cu12',
    file: 'nvidia_cudnn_cu12-9.28.0.42-py3-none-manylinux_2_27_x86_64.whl',
    sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    bytes: 716538495,
    unpackedBytes: 1162393472,
  },
  {
    project: 'nvidia-cufft-cu12',
    file: 'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    bytes: 200877592,
    unpackedBytes: 291507928,
  },
  {
    project: 'nvidia-cusolver-cu12',
    file: 'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
    sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    bytes: 338117415,
    unpackedBytes: 302024152,
  },
  {
    project: 'nvidia-cusparse-cu12',
    file: 'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    bytes: 366465088,
    unpackedBytes: 486556368,
  },
  {
    project: 'nvidia-nccl-cu12',
    file: 'nvidia_nccl_cu12-2.32.3-py3-none-manylinux_2_27_x86_64.whl',
    sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    bytes: 351526311,
    unpackedBytes: 473614536,
  },
  {
    project: 'nvidia-nvjitlink-cu12',
    file: 'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    bytes: 39748338,
    unpackedBytes: 95935344,
  },
];

/** The pinned wheel with TensorFlow itself, or null when the platform has none. */
export function pinnedWheel(platform: string, gpu: boolean): (Wheel & { version: string }) | null {
  if (gpu) return platform === 'linux-x64' ? GPU_WHEEL : null;
  return CPU_WHEELS[platform] ?? null;
}

/** Platforms with a pinned wheel. */
export const SUPPORTED_PLATFORMS: readonly string[] = Object.keys(CPU_WHEELS);

const PLATFORM_TAGS: Record<string, RegExp> = {
  'linux-x64': /manylinux.*_x86_64$/,
  'linux-arm64': /manylinux.*_aarch64$/,
  'darwin-arm64': /macosx_\d+_\d+_(arm64|universal2)$/,
  'darwin-x64': /macosx_\d+_\d+_(x86_64|universal2)$/,
};

/** True when a file name on an index is a wheel of this project and version for this platform, for any Python. */
export function isWheelFor(file: string, project: string, version: string, platform: string): boolean {
  const [name, fileVersion, ...tags] = file.replace(/\.whl$/, '').split('-');
  if (!file.endsWith('.whl') || name === undefined || fileVersion !== version) return false;
  const tag = PLATFORM_TAGS[platform];
  return canonical(name) === canonical(project) && tag !== undefined && tag.test(tags.at(-1) ?? '');
}

/** A project's name as package indexes spell it in addresses. */
export function canonical(project: string): string {
  return project.toLowerCase().replace(/[-_.]+/g, '-');
}
