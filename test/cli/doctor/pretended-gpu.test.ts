import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Diagnosis } from '../../../src/cli/doctor/doctor-diagnosis.js';
import { gpuFaults } from '../../../src/cli/doctor/gpu-faults.js';
import { type LibraryLocation, locateLibrary } from '../../../src/engine/library/locate.js';
import { hasNvidiaDriver } from '../../../src/engine/library/platform.js';
import { messageOf } from '../../../src/errors.js';
import { isOnPath } from '../../../src/io/on-path.js';
import { runCli } from '../../helpers/run-cli.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const SOURCES = fileURLToPath(new URL('../../../../test/fixtures/pretended-driver/', import.meta.url));

const library = installed();
const obstacle = whatIsMissing();
/** Tests that need the CUDA library, which is too large to fetch for them, and a compiler; else they are skipped, and say why. */
const onPretendedGpu = (title: string, act: (t: ExecutionContext) => Promise<void>) =>
  obstacle === null ? test.serial(title, act) : test.skip(`${title} (${obstacle})`, act);

function installed(): LibraryLocation | string {
  try {
    return locateLibrary({ gpu: true });
  } catch (error) {
    return messageOf(error);
  }
}

/** Why a pretended GPU cannot be tried here; null where it can. */
function whatIsMissing(): string | null {
  if (typeof library === 'string') return library;
  if (library.source !== 'cache') return 'another TensorFlow library is in use';
  if (!isOnPath('cc')) return 'there is no C compiler';
  return hasNvidiaDriver() ? 'there is a real driver' : null;
}

/** Compiles the driver into a folder of its own. */
function pretendedDriver(t: ExecutionContext, version: number): string {
  const folder = temporaryFolder(t);
  for (const [source, name] of [
    ['cuda.c', 'libcuda.so.1'],
    ['nvml.c', 'libnvidia-ml.so.1'],
  ]) {
    execFileSync('cc', ['-shared', '-fPIC', `-DDRIVER_VERSION=${version}`, '-o', join(folder, name), SOURCES + source]);
  }
  return folder;
}

/** `voxloop doctor` beside a pretended driver; TensorFlow's own words are in `stderr`. */
async function doctor(t: ExecutionContext, { version = 12_080, device = 'gpu' } = {}) {
  const { code, stdout, stderr } = await runCli(['doctor', '--device', device, '--json'], {
    env: {
      LD_LIBRARY_PATH: pretendedDriver(t, version),
      TF_CPP_MIN_LOG_LEVEL: '0',
      TF_CPP_VMODULE: 'gpu_device=1',
    },
  });
  return { code, stderr, diagnosis: JSON.parse(stdout) as Diagnosis };
}

/** The installed library, linked file by file where its own path matters, with a CUDA library that is no library. */
function damaged(t: ExecutionContext, wheel: string, file: string): string {
  const whole = dirname((library as LibraryLocation).dir);
  const copy = temporaryFolder(t);
  const link = (names: readonly string[], ...folder: string[]) => {
    mkdirSync(join(copy, ...folder), { recursive: true });
    for (const name of names) symlinkSync(join(whole, ...folder, name), join(copy, ...folder, name));
  };
  const others = (left: string, ...folder: string[]) =>
    readdirSync(join(whole, ...folder)).filter((name) => name !== left);
  link(['library.json']);
  link(others('', 'tensorflow'), 'tensorflow');
  link(others(wheel, 'nvidia'), 'nvidia');
  link(others(file, 'nvidia', wheel, 'lib'), 'nvidia', wheel, 'lib');
  writeFileSync(join(copy, 'nvidia', wheel, 'lib', file), 'not a library');
  return join(copy, 'tensorflow');
}

onPretendedGpu('with a driver and its libraries, TensorFlow adds the GPU that the driver names', async (t) => {
  const { code, stderr, diagnosis } = await doctor(t);
  t.regex(stderr, /Found device 0 with properties[\s\S]*Pretended GPU[\s\S]*Adding visible gpu devices: 0/);
  // The device itself does nothing: the first call of CUDA fails, and so does the diagnosis.
  t.is(code, 2);
  t.true(diagnosis.tensorflow?.gpu);
  const [fault, ...more] = diagnosis.missing.filter(({ required }) => required);
  t.deepEqual(more, []);
  t.is(fault.what, 'GPU');
  t.regex(fault.why, /cudaGetDevice\(\) failed/);
  t.regex(fault.fix, /nvidia-smi .* 525 or newer \(555 or newer for H100, H200/);
});

onPretendedGpu('a device that does not compute is no reason to fetch TensorFlow again', async (t) => {
  const { code, diagnosis } = await doctor(t, { device: 'auto' });
  t.is(code, 2);
  const [fault] = diagnosis.missing.filter(({ required }) => required);
  t.regex(fault.fix, /nvidia-smi .* or use --device cpu/);
});

onPretendedGpu('each library that does not open is named, with what mends it', async (t) => {
  // No driver leads to this process: its library is the first.
  const faults = await gpuFaults(join(damaged(t, 'cufft', 'libcufft.so.11'), 'libtensorflow_framework.so.2'));
  t.deepEqual(
    faults.map(({ what, required }) => [what, required]),
    [
      ['libcuda.so.1', true],
      ['libcufft.so.11', true],
    ],
  );
  const [driver, fft] = faults;
  t.regex(driver.why, /looks for a GPU only where this library opens, and it does not: .*libcuda\.so\.1/);
  t.regex(driver.fix, /install the NVIDIA driver, 525 or newer/);
  t.regex(fft.why, /nvidia\/cufft\/lib\/libcufft\.so\.11: (file too short|invalid ELF header)/);
  t.is(fft.fix, 'npx voxloop setup --gpu --force');
});

onPretendedGpu('a driver of an older CUDA is told what is needed', async (t) => {
  const { code, diagnosis } = await doctor(t, { version: 11_040 });
  t.is(code, 2);
  const [fault, ...more] = diagnosis.missing.filter(({ required }) => required);
  t.deepEqual(more, []);
  t.is(fault.what, 'NVIDIA driver');
  t.is(fault.why, 'it supports CUDA 11.4, and TensorFlow needs CUDA 12');
  t.regex(fault.fix, /525 or newer/);
});
