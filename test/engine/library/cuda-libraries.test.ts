import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { librariesForGpu, librariesOutOfReach } from '../../../src/engine/library/cuda-libraries.js';
import { hasNvidiaDriver } from '../../../src/engine/library/platform.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('where there is a driver, cuSOLVER is opened before TensorFlow looks for it in vain', (t) => {
  const library = temporaryFolder(t);
  const framework = join(library, 'tensorflow', 'libtensorflow_framework.so.2');
  t.deepEqual(librariesOutOfReach(framework, true), []);
  const solver = join(library, 'nvidia', 'cusolver', 'lib', 'libcusolver.so.11');
  mkdirSync(join(solver, '..'), { recursive: true });
  writeFileSync(solver, '');
  t.deepEqual(librariesOutOfReach(framework, true), [solver]);
  t.deepEqual(librariesOutOfReach(framework, false), []);
});

test('what TensorFlow opens for a GPU is the driver and seven libraries, by path where they are installed', (t) => {
  const library = temporaryFolder(t);
  const folder = join(library, 'nvidia', 'cudnn', 'lib');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'libcudnn.so.9'), '');
  const [driver, ...others] = librariesForGpu(join(library, 'tensorflow', 'libtensorflow_framework.so.2'));
  t.is(driver, 'libcuda.so.1');
  t.is(others.length, 7);
  t.is(others.at(-1), join(folder, 'libcudnn.so.9'));
  t.true(others.slice(0, -1).every((name) => /^lib[a-zA-Z]+\.so\.\d+$/.test(name)));
});

test('a driver that LD_LIBRARY_PATH leads to is found', (t) => {
  const folder = temporaryFolder(t);
  const env = { LD_LIBRARY_PATH: `/no/such/folder:${folder}` };
  const without = hasNvidiaDriver(env);
  writeFileSync(join(folder, 'libcuda.so.1'), '');
  t.true(hasNvidiaDriver(env));
  // Where there is a real one, this tells nothing.
  t.is(without, hasNvidiaDriver({}));
});
