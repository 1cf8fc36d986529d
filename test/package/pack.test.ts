import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { installPackage } from '../helpers/installed-package.js';
import { trainPlugin } from '../helpers/recipes/trained-plugin.js';

const run = promisify(execFile);
const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

const plugin = `
import { defineStage, UserError, z } from 'voxloop';
export default defineStage({
  name: 'greet',
  summary: 'Greets.',
  options: z.strictObject({ who: z.string() }),
  async run(context, { who }: { who: string }) {
    if (who === '') throw new UserError('nobody to greet');
    return { table: 'hello ' + who };
  },
});
`;

const typescriptProgram = `
import { defineSsl, type Tensor, tf, z } from 'voxloop';
import { embedFiles, openSpeakerModel } from 'voxloop/tools';
export const double = (x: Tensor): Tensor => tf.mul(x, 2).add(1);
export const options = z.strictObject({ temperature: z.number() });
export const used = [defineSsl, embedFiles, openSpeakerModel];
// @ts-expect-error: a shape is a list of numbers
tf.zeros('2');
`;

const javascriptProgram = `
import { defineSsl, tf } from 'voxloop';
import { embedFiles } from 'voxloop/tools';
console.log([defineSsl, tf.matMul, tf.grad, embedFiles].map((value) => typeof value).join());
`;

/** Bytes that a folder takes on disk, as `du` counts them. */
function bytesOnDisk(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries.reduce((bytes, entry) => bytes + lstatSync(join(folder, entry)).blocks * 512, 0);
}

/** Compiles a TypeScript program beside the installed package, declarations of packages included, and runs a JavaScript one. */
async function usePrograms(t: ExecutionContext, home: string): Promise<void> {
  writeFileSync(join(home, 'program.ts'), typescriptProgram);
  symlinkSync(join(modules, '@types'), join(home, 'node_modules', '@types'));
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node'];
  const tsc = join(modules, 'typescript', 'bin', 'tsc');
  const compiled = await run(process.execPath, [tsc, ...flags, 'program.ts'], { cwd: home }).catch((error) => error);
  t.is(compiled.stdout, '');

  writeFileSync(join(home, 'program.mjs'), javascriptProgram);
  const { stdout } = await run(process.execPath, ['program.mjs'], { cwd: home });
  t.is(stdout, 'function,function,function,function\n');
}

test("the packed package, installed into an empty folder with npm's default settings, works", async (t) => {
  t.timeout(240_000);
  const { home, entries, npx } = await installPackage(t);

  t.true(
    ['bin/voxloop.mjs', 'dist/src/index.js', 'dist/src/index.d.ts', 'dist/ssl/dino.js'].every((f) =>
      entries.includes(f),
    ),
  );
  t.true(
    ['nodejs_kernel_backend.js', 'tensorflow.js', 'tensorflow.d.ts', 'NOTICE', 'LICENSE-APACHE-2.0'].every((f) =>
      entries.includes(`dist/kernels/${f}`),
    ),
  );
  t.deepEqual(
    entries.filter((f) => /^(dist\/)?(test|bench|scripts|runs)\/|\.tsbuildinfo$|\.test\.|\.map$/.test(f)),
    [],
  );

  t.true(['LICENSE', 'NOTICE'].every((f) => entries.includes(f)));
  const megabytes = bytesOnDisk(home) / 1e6;
  t.true(megabytes <= 60, `${megabytes.toFixed(1)} MB`);
  t.false(existsSync(join(home, 'node_modules', '@tensorflow')));
  await usePrograms(t, home);

  t.is((await npx('--version')).stdout, `${manifest.version}\n`);
  t.regex((await npx('--help')).stdout, /^Usage: voxloop/);

  const doctor = JSON.parse((await npx('doctor', '--json')).stdout);
  t.deepEqual(
    [doctor.ok, doctor.voxloop, doctor.missing.filter((m: { required: boolean }) => m.required)],
    [true, manifest.version, []],
  );

  writeFileSync(join(home, 'greet.ts'), plugin);
  writeFileSync(join(home, 'greet.yaml'), 'stages: [{stage: greet, who: you}]\n');
  const { stdout } = await npx('run', 'greet.yaml', '--plugin', './greet.ts');
  t.is(stdout, 'hello you\n');
  const error = await t.throwsAsync<Error & { code: number; stderr: string }>(
    npx('run', 'greet.yaml', '--plugin', './greet.ts', '--set', 'greet.who=', '--out', 'other'),
  );
  t.is(error.code, 2);
  t.regex(error.stderr, /'who' of stage 'greet' must be a string, but is empty/);

  await trainPlugin(t, home);
});
