import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { planLibrary, type SetupRequest } from '../../../src/engine/library/plan-library.js';
import { CUDA_WHEELS, isWheelFor, pinnedWheel, SUPPORTED_PLATFORMS } from '../../../src/engine/library/wheels.js';
import { UserError } from '../../../src/errors.js';
import { serve } from './loopback.js';
import { noWait, settingsOf, temporaryFolder } from './settings.js';

const SUM = 'cd'.repeat(32);

function plan(
  changes: Partial<SetupRequest>,
  env: Record<string, string> = {},
  say: (line: string) => void = () => {},
) {
  return planLibrary({ platform: 'linux-x64', gpu: false, files: [], ...changes }, settingsOf(env), noWait, say);
}

test('every pinned wheel has a name that fits, a checksum and sizes', (t) => {
  for (const platform of SUPPORTED_PLATFORMS) {
    const wheel = pinnedWheel(platform, false)!;
    t.true(isWheelFor(wheel.file, wheel.project, wheel.version, platform), wheel.file);
  }
  const gpu = pinnedWheel('linux-x64', true)!;
  t.true(isWheelFor(gpu.file, 'tensorflow', gpu.version, 'linux-x64'));
  const all = [...SUPPORTED_PLATFORMS.map((platform) => pinnedWheel(platform, false)!), gpu, ...CUDA_WHEELS];
  t.true(all.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256)));
  t.is(new Set(all.map(({ sha256 }) => sha256)).size, all.length);
  t.true(all.every(({ bytes, unpackedBytes }) => bytes > 1e6 && unpackedBytes > 7e5));
});

test('tells wheels of other platforms, versions and projects apart', (t) => {
  const fits = (file: string) => isWheelFor(file, 'tensorflow-cpu', '2.20.0', 'linux-x64');
  t.true(fits('tensorflow_cpu-2.20.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl'));
  t.false(fits('tensorflow_cpu-2.20.0-cp312-cp312-win_amd64.whl'));
  t.false(fits('tensorflow_cpu-2.20.0-cp312-cp312-manylinux_2_17_aarch64.whl'));
  t.false(fits('tensorflow_cpu-2.20.1-cp312-cp312-manylinux_2_17_x86_64.whl'));
  t.false(fits('tensorflow-2.20.0-cp312-cp312-manylinux_2_17_x86_64.whl'));
  t.false(fits('tensorflow_cpu-2.20.0.tar.gz'));
});

test('the pinned wheels need no index', async (t) => {
  const cpu = await plan({});
  t.is(cpu.wheels.length, 1);
  t.is(cpu.wheels[0]!.sha256, pinnedWheel('linux-x64', false)!.sha256);
  const gpu = await plan({ gpu: true });
  t.is(gpu.wheels.length, 1 + CUDA_WHEELS.length);
});

test('unsupported platforms get a sentence and a way out', async (t) => {
  for (const [platform, gpu, message] of [
    ['win32-x64', false, /no TensorFlow library for win32-x64.*VOXLOOP_TENSORFLOW.*WSL/],
    ['linux-riscv64', true, /no TensorFlow library for linux-riscv64/],
    ['darwin-arm64', true, /linux-x64 only.*Leave out --gpu/],
  ] as const) {
    await t.throwsAsync(plan({ platform, gpu }), { instanceOf: UserError, message });
  }
});

test('flags that make no sense are told', async (t) => {
  const wrong: [Partial<SetupRequest>, RegExp][] = [
    [{ version: '1.15' }, /--version 1\.15 is not/],
    [{ sha256: SUM }, /--sha256 goes with --version/],
    [{ version: '2.20.0', sha256: 'abc' }, /64 hexadecimal/],
    [{ version: '2.17.0', gpu: true, sha256: SUM, files: ['x.whl'] }, /2\.18\.0 or newer/],
  ];
  for (const [changes, message] of wrong) {
    await t.throwsAsync(plan(changes), { instanceOf: UserError, message });
  }
});

test('another version under the checksum that the index publishes, which is said', async (t) => {
  const file = (python: string) => `tensorflow_cpu-2.20.0-${python}-${python}-manylinux_2_17_x86_64.whl`;
  const index = await serve(t, (request, response) => {
    if (request.url !== '/tensorflow-cpu/') return response.writeHead(404).end();
    response.setHeader('content-type', 'text/html');
    const link = (name: string) => `<a href="${name}#sha256=${SUM}">${name}</a>`;
    return response.end(['cp39', 'cp312', 'cp311'].map((python) => link(file(python))).join('\n'));
  });
  const said: string[] = [];
  const env = { PIP_NO_INDEX: '', PIP_INDEX_URL: index };
  const { wheels } = await plan({ version: '2.20.0' }, env, (line) => said.push(line));
  t.is(wheels[0]?.file, file('cp312'));
  t.is(wheels[0]?.found?.url.href, `${index}tensorflow-cpu/${file('cp312')}`);
  t.regex(said.join('\n'), new RegExp(`trusting.*${SUM}`));
  const exact = await plan({ version: '2.20.0', sha256: SUM.toUpperCase() }, env, () => t.fail('nothing to say'));
  t.is(exact.wheels[0]?.sha256, SUM);
  const other = plan({ version: '2.20.0', sha256: 'ef'.repeat(32) }, env);
  await t.throwsAsync(other, { instanceOf: UserError, message: /with sha256 ef/ });
  await t.throwsAsync(plan({ version: '2.19.0' }, env), {
    instanceOf: UserError,
    message: /No package index has.*2\.19\.0/,
  });
});

test('a wheel in hand with its checksum needs no index; an unlisted checksum must be given', async (t) => {
  const { wheels } = await plan({ version: '2.20.0', sha256: SUM, files: ['/somewhere/my.whl'] });
  t.is(wheels[0]?.file, 'my.whl');
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'tensorflow_cpu-2.20.0-cp312-cp312-manylinux_2_17_x86_64.whl'), 'x');
  const listed = plan({ version: '2.20.0' }, { PIP_FIND_LINKS: folder });
  await t.throwsAsync(listed, { instanceOf: UserError, message: /give it with --sha256/ });
});

test('an index that cannot be reached names the settings and the offline way', async (t) => {
  const env = { PIP_NO_INDEX: '', PIP_INDEX_URL: 'http://me:secret@127.0.0.1:1/simple' };
  const error = await t.throwsAsync(plan({ version: '2.20.0' }, env), { instanceOf: UserError });
  t.regex(error.message, /PIP_INDEX_URL.*HTTPS_PROXY.*setup --wheel FILE/);
  t.notRegex(error.message, /secret/);
});
