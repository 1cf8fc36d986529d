import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { locateLibrary, type Surroundings } from '../../../src/engine/library/locate.js';
import { UserError } from '../../../src/errors.js';
import { temporaryFolder } from './settings.js';

function around(cache: string, changes: Partial<Surroundings> = {}): Surroundings {
  return { env: { VOXLOOP_CACHE: cache }, platform: 'linux-x64', nvidiaDriver: false, tfjsNodeGpu: null, ...changes };
}

function touch(path: string, contents = 'library'): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, contents);
}

/** An installed library of 7-byte files. */
function install(cache: string, key: string): string {
  const folder = join(cache, 'tensorflow', key);
  const paths = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'];
  for (const path of paths) touch(join(folder, path));
  const [version, ...rest] = key.split('-');
  const files = paths.map((path) => ({ path, bytes: 7 }));
  touch(
    join(folder, 'library.json'),
    JSON.stringify({ version, platform: rest.join('-'), gpu: false, wheels: [], files }),
  );
  return join(folder, 'tensorflow');
}

const notFound = (t: ExecutionContext, message: RegExp, action: () => unknown): void => {
  t.throws(action, { instanceOf: UserError, message });
};

test('says what to run when there is no library', (t) => {
  const cache = temporaryFolder(t);
  notFound(t, /run: npx voxloop setup$/, () => locateLibrary({}, around(cache)));
  install(cache, '2.21.0-linux-x64-cpu');
  notFound(t, /run: npx voxloop setup --gpu$/, () => locateLibrary({ gpu: true }, around(cache)));
});

test('finds the cache, the pinned version before newer and older ones', (t) => {
  const cache = temporaryFolder(t);
  install(cache, '2.9.1-linux-x64-cpu');
  install(cache, '2.30.0-linux-x64-cpu');
  install(cache, '2.31.0-linux-arm64-cpu');
  t.is(locateLibrary({}, around(cache)).version, '2.30.0');
  const dir = install(cache, '2.21.0-linux-x64-cpu');
  t.deepEqual(locateLibrary({}, around(cache)), {
    dir,
    files: { cc: join(dir, 'libtensorflow_cc.so.2'), framework: join(dir, 'libtensorflow_framework.so.2') },
    version: '2.21.0',
    source: 'cache',
    gpu: false,
  });
});

test('a folder without its record, or with a file cut short, is not installed', (t) => {
  const cache = temporaryFolder(t);
  touch(join(cache, 'tensorflow/2.21.0-linux-x64-cpu/tensorflow/libtensorflow_cc.so.2'));
  touch(join(cache, 'tensorflow/2.21.0-linux-x64-cpu/tensorflow/libtensorflow_framework.so.2'));
  notFound(t, /not installed/, () => locateLibrary({}, around(cache)));
  const dir = install(cache, '2.21.0-linux-x64-cpu');
  t.is(locateLibrary({}, around(cache)).dir, dir);
  truncateSync(join(dir, 'libtensorflow_cc.so.2'), 3);
  notFound(t, /not installed/, () => locateLibrary({}, around(cache)));
});

test('takes the CUDA build where there is a driver, or when nothing else is there', (t) => {
  const cache = temporaryFolder(t);
  install(cache, '2.21.0-linux-x64-gpu');
  t.true(locateLibrary({}, around(cache)).gpu);
  t.true(locateLibrary({ gpu: false }, around(cache)).gpu);
  install(cache, '2.21.0-linux-x64-cpu');
  t.false(locateLibrary({}, around(cache)).gpu);
  t.true(locateLibrary({}, around(cache, { nvidiaDriver: true })).gpu);
  t.false(locateLibrary({ gpu: false }, around(cache, { nvidiaDriver: true })).gpu);
  t.true(locateLibrary({ gpu: true }, around(cache)).gpu);
});

test('VOXLOOP_TENSORFLOW comes first, of any layout', (t) => {
  const cache = temporaryFolder(t);
  const installed = install(cache, '2.21.0-linux-x64-cpu');
  const folder = temporaryFolder(t);
  const at = (dir: string): Surroundings => around(cache, { env: { VOXLOOP_CACHE: cache, VOXLOOP_TENSORFLOW: dir } });
  notFound(t, new RegExp(`VOXLOOP_TENSORFLOW is ${folder}.*unset it`), () => locateLibrary({}, at(folder)));
  touch(join(folder, 'libtensorflow.so.2'));
  touch(join(folder, 'libtensorflow_framework.so.2.9.1'));
  touch(join(folder, 'libtensorflow_framework.so.2'));
  const single = locateLibrary({ gpu: true }, at(folder));
  t.is(single.files.cc, join(folder, 'libtensorflow.so.2'));
  t.is(single.version, '2.9.1');
  t.is(single.source, 'environment');
  touch(join(folder, 'libtensorflow_cc.so.2'));
  t.is(locateLibrary({}, at(folder)).files.cc, join(folder, 'libtensorflow_cc.so.2'));
  // The folder above works too, and tells the version.
  t.is(locateLibrary({}, at(dirname(installed))).dir, installed);
  t.is(locateLibrary({}, at(installed)).version, '2.21.0');
});

test('falls back on the library of @tensorflow/tfjs-node-gpu', (t) => {
  const packageFolder = temporaryFolder(t);
  const surroundings = around(temporaryFolder(t), { tfjsNodeGpu: packageFolder });
  notFound(t, /not installed/, () => locateLibrary({}, surroundings));
  touch(join(packageFolder, 'deps/lib/libtensorflow.so.2'));
  touch(join(packageFolder, 'deps/lib/libtensorflow_framework.so.2'));
  t.is(locateLibrary({}, surroundings).source, 'tfjs-node-gpu');
});

test('macOS has other names', (t) => {
  const folder = temporaryFolder(t);
  touch(join(folder, 'libtensorflow_cc.2.dylib'));
  touch(join(folder, 'libtensorflow_framework.2.dylib'));
  const surroundings = around('/nowhere', { platform: 'darwin-arm64', env: { VOXLOOP_TENSORFLOW: folder } });
  t.is(locateLibrary({}, surroundings).files.cc, join(folder, 'libtensorflow_cc.2.dylib'));
});
