import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { installPackage } from '../helpers/installed-package.js';
import { trainPlugin } from '../helpers/recipes/trained-plugin.js';

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

test("the packed package, installed into an empty folder with npm's default settings, works", async (t) => {
  t.timeout(240_000);
  const { home, entries, npx } = await installPackage(t);

  t.true(
    ['bin/voxloop.mjs', 'dist/src/index.js', 'dist/src/index.d.ts', 'dist/ssl/dino.js'].every((f) =>
      entries.includes(f),
    ),
  );
  t.true(['nodejs_kernel_backend.js', 'package.json', 'LICENSE'].every((f) => entries.includes(`dist/kernels/${f}`)));
  t.deepEqual(
    entries.filter((f) => /(^|\/)(test|bench|scripts|runs)\/|\.tsbuildinfo$|\.test\./.test(f)),
    [],
  );

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
