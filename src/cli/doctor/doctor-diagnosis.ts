import { availableParallelism, freemem, totalmem } from 'node:os';
import { findRuntime, RUNTIME_INSTALL, RUNTIME_PACKAGE, type RuntimeLocation } from '../../embed/onnx/runtime.js';
import { cacheFolder } from '../../engine/library/cache-folder.js';
import { freeBytes } from '../../engine/library/disk-space.js';
import { type LibraryLocation, locateLibrary } from '../../engine/library/locate.js';
import { currentPlatform, hasNvidiaDriver, OWN_LIBRARY, whyNotRunnable } from '../../engine/library/platform.js';
import { messageOf } from '../../errors.js';
import { voxloopVersion } from '../../pipeline/run/version.js';
import type { Device } from '../options/model-options.js';
import { checkInstallation, type Missing } from './doctor-checks.js';
import { DRIVER } from './nvidia-driver.js';
import { checkPackagedModel } from './packaged-model-check.js';

/** The output of `voxloop doctor --json`. */
export interface Diagnosis {
  /** Nothing required is missing. */
  ok: boolean;
  voxloop: string;
  node: string;
  platform: string;
  tensorflow: { version: string | null; source: LibraryLocation['source']; dir: string; gpu: boolean } | null;
  device: {
    asked: Device;
    /** The device that TensorFlow computes on; null when it could not be asked. */
    used: string | null;
    devices: { name: string; type: string; memoryBytes: number }[];
    bfloat16: boolean | null;
  };
  /** What runs exported models without TensorFlow. */
  onnxruntime: RuntimeLocation | null;
  cores: number;
  memory: { totalBytes: number; freeBytes: number };
  cache: { dir: string; freeBytes: number | null };
  missing: Missing[];
}

type DeviceReport = Pick<Diagnosis, 'tensorflow' | 'device'> & { missing: Missing[] };

/** Inspects this machine. Loads TensorFlow to see which device it really uses; reports missing parts instead of throwing. */
export async function diagnose(asked: Device): Promise<Diagnosis> {
  const installation = checkInstallation();
  // The engine's required packages must be installed before it is loaded.
  const loadable = !installation.some(({ required }) => required);
  const checks = [...installation, ...checkPackagedModel()];
  const { tensorflow, device, missing } = await inspectDevice(asked, loadable);
  const onnxruntime = findRuntime();
  const all = [...missing, ...checks, ...(onnxruntime ? [] : [runtimeMissing])];
  const dir = cacheFolder();
  return {
    ok: !all.some(({ required }) => required),
    voxloop: voxloopVersion(),
    node: process.versions.node,
    platform: currentPlatform(),
    tensorflow,
    device,
    onnxruntime,
    cores: availableParallelism(),
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    cache: { dir, freeBytes: freeBytes(dir) },
    missing: all,
  };
}

const runtimeMissing: Missing = {
  what: `package ${RUNTIME_PACKAGE}`,
  why: 'exported models (`voxloop export`) run in it without TensorFlow',
  fix: RUNTIME_INSTALL,
  required: false,
};

async function inspectDevice(asked: Device, loadable: boolean): Promise<DeviceReport> {
  const device: Diagnosis['device'] = { asked, used: null, devices: [], bfloat16: null };
  const { location, missing } = findLibrary(asked);
  if (!location) return { tensorflow: null, device, missing };
  const { version, source, dir, gpu } = location;
  if (missing.length > 0 || !loadable) return { tensorflow: { version, source, dir, gpu }, device, missing };
  // Whoever has a driver and the library for it means to compute there.
  const wantsGpu = asked === 'gpu' || (asked === 'auto' && gpu && canHaveCuda());
  try {
    const { describeDevices } = await import('../../engine/session/describe-devices.js');
    const { tensorflow, ...used } = await describeDevices(asked);
    const lacksGpu = wantsGpu && used.used !== 'GPU';
    return {
      tensorflow: { version: tensorflow, source, dir, gpu },
      device: { asked, ...used },
      missing: lacksGpu ? await whyNoGpu(location, 'TensorFlow lists no GPU', asked === 'gpu') : [],
    };
  } catch (error) {
    const why = messageOf(error);
    const broken = { what: 'TensorFlow library', why, fix: 'npx voxloop setup --force', required: true };
    const faults = wantsGpu ? await whyNoGpu(location, why, true) : [broken];
    return { tensorflow: { version, source, dir, gpu }, device, missing: faults };
  }
}

/** The libraries that do not open and a driver that is too old; else `why`, what TensorFlow says. */
async function whyNoGpu({ files, gpu }: LibraryLocation, why: string, required: boolean): Promise<Missing[]> {
  if (!gpu || !canHaveCuda()) return [{ ...gpuMissing(why), required }];
  const { gpuFaults } = await import('./gpu-faults.js');
  const faults = await gpuFaults(files.framework);
  return (faults.length > 0 ? faults : [gpuMissing(why)]).map((fault) => ({ ...fault, required }));
}

/** The library to try, and the missing parts; the CPU library when a GPU is asked for and only that one is installed. */
function findLibrary(asked: Device): { location: LibraryLocation | null; missing: Missing[] } {
  const location = locate(asked === 'gpu');
  if (typeof location !== 'string') return { location, missing: obstacles(location) };
  if (asked === 'gpu') {
    const other = locate(false);
    const missing = [...(canHaveCuda() ? [] : [gpuMissing('')]), ...libraryMissing(location, asked)];
    return { location: typeof other === 'string' ? null : other, missing };
  }
  return { location: null, missing: libraryMissing(location, asked) };
}

/** The location, or why there is none. */
function locate(gpu: boolean): LibraryLocation | string {
  try {
    return locateLibrary(gpu ? { gpu } : {});
  } catch (error) {
    return messageOf(error);
  }
}

function libraryMissing(message: string, asked: Device): Missing[] {
  if (asked === 'gpu' && currentPlatform() !== 'linux-x64') return [];
  // The rest of the message is the command, which goes into `fix`.
  const why = message.replace(/[;.] .*$/, '');
  const command = asked === 'gpu' ? 'npx voxloop setup --gpu' : 'npx voxloop setup';
  const fix = process.env.VOXLOOP_TENSORFLOW ? `unset VOXLOOP_TENSORFLOW and run ${command}, or correct it` : command;
  // Exported models run without it, where what runs them is installed.
  const isAlone = asked === 'gpu' || Boolean(process.env.VOXLOOP_TENSORFLOW) || findRuntime() === null;
  const needed = isAlone ? why : `${why}; training and model folders need it, exported models do not`;
  return [{ what: 'TensorFlow library', why: needed, fix, required: isAlone }];
}

/** Reasons why a library installed by `voxloop setup` cannot run here; loading it would end this process. */
function obstacles({ source }: LibraryLocation): Missing[] {
  const why = source === 'cache' ? whyNotRunnable() : null;
  return why === null ? [] : [{ what: 'TensorFlow library', why, fix: OWN_LIBRARY, required: true }];
}

const canHaveCuda = (): boolean => currentPlatform() === 'linux-x64' && hasNvidiaDriver();

function gpuMissing(why: string): Missing {
  const gpu = { what: 'GPU', required: true };
  if (currentPlatform() !== 'linux-x64') {
    const reason = `TensorFlow computes on NVIDIA GPUs under linux-x64 only, and this is ${currentPlatform()}`;
    return { ...gpu, why: reason, fix: 'use --device cpu' };
  }
  if (hasNvidiaDriver()) {
    const fix = `see that nvidia-smi lists a GPU and that its driver is ${DRIVER}, or use --device cpu`;
    return { ...gpu, why, fix };
  }
  return {
    ...gpu,
    why: 'no NVIDIA driver is loaded',
    fix: `install the NVIDIA driver, ${DRIVER}, or use --device cpu`,
  };
}
