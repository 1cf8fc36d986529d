import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { librariesOutOfReach } from '../../../src/engine/library/cuda-libraries.js';
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
