import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Installation, installLibrary } from '../../../src/engine/library/install.js';
import { readInstalled } from '../../../src/engine/library/installed.js';
import { locateLibrary } from '../../../src/engine/library/locate.js';
import type { LibraryPlan } from '../../../src/engine/library/plan-library.js';
import { createProgress } from '../../../src/engine/library/progress.js';
import { UserError } from '../../../src/errors.js';
import { fakeWheel, sha256, tensorflowWheel } from './fake-wheel.js';
import { fileServer, serve } from './loopback.js';
import { noWait, settingsOf, temporaryFolder } from './settings.js';

const FILE = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

function planFor(...wheels: Buffer[]): LibraryPlan {
  const planned = wheels.map((bytes, i) => ({
    project: i === 0 ? 'tensorflow-cpu' : `nvidia-${i}`,
    file: i === 0 ? FILE : `nvidia_${i}.whl`,
    sha256: sha256(bytes),
    bytes: bytes.length,
    unpackedBytes: 1000,
  }));
  return { version: '2.21.0', platform: 'linux-x64', gpu: wheels.length > 1, wheels: planned };
}

function installation(
  t: ExecutionContext,
  env: Record<string, string>,
  changes: Partial<Installation> = {},
): Installation {
  return {
    cache: join(temporaryFolder(t), 'cache'),
    files: [],
    force: false,
    settings: settingsOf(env),
    progress: createProgress({ write: () => true }),
    sleep: noWait,
    ...changes,
  };
}

/** An index with one wheel; `requests` counts fetches of the wheel itself. */
async function indexOf(t: ExecutionContext, wheel: Buffer, requests: string[] = []): Promise<Record<string, string>> {
  const index = await serve(t, (request, response) => {
    if (request.url === '/tensorflow-cpu/') return response.end(`<a href="../files/${FILE}">${FILE}</a>`);
    requests.push(request.url ?? '');
    return fileServer(wheel)(request, response);
  });
  return { PIP_NO_INDEX: '', PIP_INDEX_URL: index };
}

const leftIn = (cache: string): string[] => readdirSync(cache, { recursive: true }).map(String).sort();

const INSTALLED = [
  'tensorflow',
  'tensorflow/2.21.0-linux-x64-cpu',
  'tensorflow/2.21.0-linux-x64-cpu/library.json',
  'tensorflow/2.21.0-linux-x64-cpu/tensorflow',
  'tensorflow/2.21.0-linux-x64-cpu/tensorflow/libtensorflow_cc.so.2',
  'tensorflow/2.21.0-linux-x64-cpu/tensorflow/libtensorflow_framework.so.2',
];

test('fetches, unpacks, records, deletes the wheel; then it is there', async (t) => {
  const wheel = tensorflowWheel();
  const requests: string[] = [];
  const install = installation(t, await indexOf(t, wheel, requests));
  const { folder, already } = await installLibrary(planFor(wheel), install);
  t.false(already);
  t.deepEqual(leftIn(install.cache), INSTALLED);
  t.deepEqual(readInstalled(folder)?.wheels, [{ file: FILE, sha256: sha256(wheel) }]);
  const around = {
    env: { VOXLOOP_CACHE: install.cache },
    platform: 'linux-x64',
    nvidiaDriver: false,
    tfjsNodeGpu: null,
  };
  t.is(readFileSync(locateLibrary({}, around).files.cc, 'utf8'), 'C API');
  t.deepEqual(await installLibrary(planFor(wheel), install), { folder, already: true });
  t.is(requests.length, 1);
  await installLibrary(planFor(wheel), { ...install, force: true });
  t.is(requests.length, 2);
  t.deepEqual(leftIn(install.cache), INSTALLED);
});

test('a damaged installation is replaced', async (t) => {
  const wheel = tensorflowWheel();
  const install = installation(t, await indexOf(t, wheel));
  const { folder } = await installLibrary(planFor(wheel), install);
  truncateSync(join(folder, 'tensorflow/libtensorflow_cc.so.2'), 1);
  t.false((await installLibrary(planFor(wheel), install)).already);
  t.deepEqual(leftIn(install.cache), INSTALLED);
  t.not(readInstalled(folder), null);
});

test('two at once: one installs, the other finds it', async (t) => {
  const wheel = tensorflowWheel();
  const requests: string[] = [];
  const install = installation(t, await indexOf(t, wheel, requests), { sleep: () => setTimeout(5) });
  const both = await Promise.all([installLibrary(planFor(wheel), install), installLibrary(planFor(wheel), install)]);
  t.deepEqual(both.map(({ already }) => already).sort(), [false, true]);
  t.is(requests.length, 1);
  t.deepEqual(leftIn(install.cache), INSTALLED);
});

test('what a killed installation left is swept away', async (t) => {
  const wheel = tensorflowWheel();
  const install = installation(t, await indexOf(t, wheel));
  const stale = join(install.cache, 'tensorflow/.2.21.0-linux-x64-cpu.0123abcd.tmp/tensorflow');
  mkdirSync(stale, { recursive: true });
  writeFileSync(join(stale, 'libtensorflow_cc.so.2'), 'half');
  await installLibrary(planFor(wheel), install);
  t.deepEqual(leftIn(install.cache), INSTALLED);
});

test('a wheel that was fetched whole before needs no network', async (t) => {
  const wheel = tensorflowWheel();
  const install = installation(t, {});
  mkdirSync(join(install.cache, 'downloads'), { recursive: true });
  writeFileSync(join(install.cache, 'downloads', FILE), wheel);
  await installLibrary(planFor(wheel), install);
  t.deepEqual(leftIn(install.cache), INSTALLED);
});

test('wheels on this machine are used where they are: find-links, a file index, --wheel', async (t) => {
  const wheel = tensorflowWheel();
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, FILE), wheel);
  mkdirSync(join(folder, 'simple/tensorflow-cpu'), { recursive: true });
  writeFileSync(join(folder, 'simple/tensorflow-cpu/index.html'), `<a href="../../${FILE}">x</a>`);
  for (const install of [
    installation(t, { PIP_FIND_LINKS: folder }),
    installation(t, { PIP_NO_INDEX: '', PIP_INDEX_URL: `file://${folder}/simple` }),
    installation(t, {}, { files: [join(folder, FILE)] }),
  ]) {
    await installLibrary(planFor(wheel), install);
    t.deepEqual(leftIn(install.cache), INSTALLED);
  }
  t.true(existsSync(join(folder, FILE)));
});

test('several wheels make one library, some of them brought along', async (t) => {
  const tensorflow = tensorflowWheel();
  const cuda = fakeWheel([{ path: 'nvidia/cudnn/lib/libcudnn.so.9', contents: 'cudnn' }]);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'renamed.whl'), cuda);
  const install = installation(t, await indexOf(t, tensorflow), { files: [join(folder, 'renamed.whl')] });
  const { folder: installed } = await installLibrary(planFor(tensorflow, cuda), install);
  t.is(readFileSync(join(installed, 'nvidia/cudnn/lib/libcudnn.so.9'), 'utf8'), 'cudnn');
  t.is(readInstalled(installed)?.files.length, 3);
});

test('a wheel by hand with another checksum names both', async (t) => {
  const folder = temporaryFolder(t);
  const wrong = tensorflowWheel('other');
  writeFileSync(join(folder, FILE), wrong);
  const right = sha256(tensorflowWheel());
  for (const [env, files] of [
    [{}, [join(folder, FILE)]],
    [{ PIP_FIND_LINKS: folder }, []],
  ] as const) {
    const install = installation(t, env as Record<string, string>, { files: [...files] });
    const error = await t.throwsAsync(installLibrary(planFor(tensorflowWheel()), install), { instanceOf: UserError });
    t.regex(error.message, new RegExp(`sha256 ${sha256(wrong)}, expected ${right}`));
    t.deepEqual(leftIn(install.cache), ['tensorflow']);
  }
  const missing = installation(t, {}, { files: ['/no/such.whl'] });
  await t.throwsAsync(installLibrary(planFor(wrong), missing), {
    instanceOf: UserError,
    message: /such\.whl cannot be read/,
  });
});

test('failures leave nothing that looks installed', async (t) => {
  const lacking = fakeWheel([{ path: 'tensorflow/libtensorflow_cc.so.2', contents: 'alone' }]);
  const broken = fakeWheel([{ path: 'tensorflow/libtensorflow_cc.so.2', contents: 'x', crc: 7 }]);
  const full = tensorflowWheel();
  for (const [wheel, message, changes] of [
    [lacking, /does not hold libtensorflow_framework/, {}],
    [broken, /not a valid wheel/, {}],
    [full, /too full: 1 MB needed, 1 MB free.*VOXLOOP_CACHE/, { freeBytes: () => 100 }],
  ] as const) {
    const install = installation(t, await indexOf(t, wheel), changes);
    const error = await t.throwsAsync(installLibrary(planFor(wheel), install), { instanceOf: UserError });
    t.regex(error.message, message);
    const left = leftIn(install.cache).filter((name) => name.startsWith('tensorflow/'));
    t.deepEqual(left, []);
  }
});

test('an index without the wheel, a cache that cannot be written', async (t) => {
  const index = await serve(t, (_, response) => response.writeHead(404).end());
  const nowhere = installation(t, { PIP_NO_INDEX: '', PIP_INDEX_URL: index });
  const plan = planFor(tensorflowWheel());
  await t.throwsAsync(installLibrary(plan, nowhere), {
    instanceOf: UserError,
    message: /No package index has .*setup --wheel/,
  });
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const blocked = installation(t, {}, { cache: join(folder, 'file') });
  await t.throwsAsync(installLibrary(plan, blocked), {
    instanceOf: UserError,
    message: /there is a file where a folder/,
  });
});
