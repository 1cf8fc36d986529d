import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { writeWav16 } from '../../src/io/wav-write.js';
import { fakePlugins } from '../helpers/recipes/fake-plugins.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const parts = ['package.json', 'bin', 'models', 'dist/src', 'dist/ssl', 'dist/clustering', 'dist/kernels'];

/** The built package in a folder whose name a URL would write otherwise; returns a function that runs voxloop there. */
function installStrangely(t: ExecutionContext) {
  const home = join(temporaryFolder(t), 'voice lab: 50%25 für Zoë #1?');
  mkdirSync(home);
  for (const part of parts) cpSync(join(root, part), join(home, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
  const voxloop = (...args: string[]) =>
    run(process.execPath, [join(home, 'bin', 'voxloop.mjs'), ...args], { cwd: home });
  return { home, voxloop };
}

test('voxloop works from a folder with a space, a colon, a percent sign and letters outside ASCII in its path', async (t) => {
  t.timeout(240_000);
  const { home, voxloop } = installStrangely(t);

  writeFileSync(join(home, 'mine.ts'), fakePlugins);
  const plugins = JSON.parse((await voxloop('plugins', '--json', '--plugin', './mine.ts')).stdout);
  const names: string[] = plugins.map(({ name }: { name: string }) => name);
  t.true(['dino', 'resnet34', 'kmeans', 'count'].every((name) => names.includes(name)));

  const tone = Int16Array.from({ length: 2000 }, (_, i) => 1000 * Math.sin(i));
  writeWav16(join(home, 'a.wav'), tone, 16000);
  const { stdout } = await voxloop('fbank', 'a.wav', '--out', 'a.npy', '--json');
  t.deepEqual(JSON.parse(stdout), { frames: 11, bins: 80, seconds: 0.125 });

  const doctor = JSON.parse((await voxloop('doctor', '--json')).stdout);
  t.deepEqual([doctor.ok, doctor.missing.filter((item: { required: boolean }) => item.required)], [true, []]);
});
