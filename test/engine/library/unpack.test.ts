import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isLibraryFile, type Unpacking, unpackWheel } from '../../../src/engine/library/unpack.js';
import { UserError } from '../../../src/errors.js';
import { type FakeEntry, fakeWheel } from './fake-wheel.js';
import { temporaryFolder } from './settings.js';

function unpacking(t: ExecutionContext, wheel: Buffer, changes: Partial<Unpacking> = {}): Unpacking {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'x.whl'), wheel);
  return { wheel: join(folder, 'x.whl'), into: join(folder, 'out'), wanted: isLibraryFile, ...changes };
}

const LIBRARY: FakeEntry = { path: 'nvidia/cudnn/lib/libcudnn.so.9', contents: Buffer.alloc(300_000, 'abc') };

test('unpacks what belongs to the library and nothing else', async (t) => {
  const reports: [number, number][] = [];
  const task = unpacking(
    t,
    fakeWheel([
      LIBRARY,
      { path: 'nvidia/cudnn/include/cudnn.h', contents: 'no' },
      { path: 'nvidia/cusolver/lib/libcusolverMg.so.11', contents: 'nobody opens it' },
      { path: 'nvidia/cuda_nvcc/bin/ptxas', contents: 'assembler', mode: 0o744 },
      { path: 'nvidia/', contents: '' },
    ]),
    { onBytes: (done, total) => reports.push([done, total]) },
  );
  t.deepEqual(await unpackWheel(task), [
    { path: LIBRARY.path, bytes: 300_000 },
    { path: 'nvidia/cuda_nvcc/bin/ptxas', bytes: 9 },
  ]);
  t.true(readFileSync(join(task.into, LIBRARY.path)).equals(LIBRARY.contents as Buffer));
  t.not(statSync(join(task.into, 'nvidia/cuda_nvcc/bin/ptxas')).mode & 0o100, 0);
  t.is(statSync(join(task.into, LIBRARY.path)).mode & 0o100, 0);
  t.false(existsSync(join(task.into, 'nvidia/cudnn/include')));
  t.deepEqual(reports.at(-1), [300_009, 300_009]);
});

test('knows the files of the library by their paths', (t) => {
  const yes = [
    'tensorflow/libtensorflow_cc.so.2',
    'tensorflow/libtensorflow_framework.2.dylib',
    'nvidia/nvjitlink/lib/libnvJitLink.so.12',
    'nvidia/cuda_cupti/lib/libcupti.so.12',
    'nvidia/cuda_nvrtc/lib/libnvrtc.so.12',
    'nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.9',
    'nvidia/cublas/lib/libcublasLt.so.12',
    'nvidia/cufft/lib/libcufft.so.11',
    'nvidia/cusolver/lib/libcusolver.so.11',
    'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc',
  ];
  const no = [
    'tensorflow/python/_pywrap_tfe.so',
    'x/tensorflow/libtensorflow_cc.so.2',
    'nvidia/cuda_nvcc/include/a.so',
    'nvidia/x/lib/a.so.2.txt',
    'nvidia/cuda_cupti/lib/libcheckpoint.so',
    'nvidia/cuda_cupti/lib/libnvperf_host.so',
    'nvidia/cuda_cupti/lib/libnvperf_target.so',
    'nvidia/cuda_cupti/lib/libpcsamplingutil.so',
    'nvidia/cuda_nvrtc/lib/libnvrtc.alt.so.12',
    'nvidia/cuda_nvrtc/lib/libnvrtc-builtins.alt.so.12.9',
    'nvidia/cublas/lib/libnvblas.so.12',
    'nvidia/cufft/lib/libcufftw.so.11',
    'nvidia/cusolver/lib/libcusolverMg.so.11',
  ];
  t.true(yes.every(isLibraryFile));
  t.false(no.some(isLibraryFile));
});

for (const path of ['../outside.so', '/etc/outside.so', 'a/../../outside.so', 'C:\\outside.so']) {
  test(`refuses a wheel with the path ${path}`, async (t) => {
    const task = unpacking(t, fakeWheel([LIBRARY, { path, contents: 'evil' }]), { wanted: () => true });
    await t.throwsAsync(unpackWheel(task), { instanceOf: UserError, message: /x\.whl is not a valid wheel/ });
    t.false(existsSync(task.into));
  });
}

test('a wrong CRC, a cut file and no zip at all are told with the file', async (t) => {
  const whole = fakeWheel([LIBRARY]);
  for (const bytes of [
    fakeWheel([{ ...LIBRARY, crc: 1 }]),
    whole.subarray(0, whole.length - 30),
    Buffer.from('not a zip'),
    Buffer.alloc(0),
  ]) {
    await t.throwsAsync(unpackWheel(unpacking(t, bytes)), {
      instanceOf: UserError,
      message: /x\.whl is not a valid wheel/,
    });
  }
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, 60, 90);
  await t.throwsAsync(unpackWheel(unpacking(t, damaged)), { instanceOf: UserError, message: /not a valid wheel/ });
});

test('too little space is told before anything is written', async (t) => {
  const task = unpacking(t, fakeWheel([LIBRARY]), { freeBytes: () => 1000 });
  await t.throwsAsync(unpackWheel(task), { instanceOf: UserError, message: /1 MB needed.*VOXLOOP_CACHE/ });
  t.false(existsSync(task.into));
});
