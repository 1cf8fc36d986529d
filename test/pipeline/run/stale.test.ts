import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { setUpRun } from '../../helpers/recipes/set-up-run.js';

const recipe = `
seed: 1
plugins: [mine.ts, read.ts]
stages:
  - {stage: read}
  - {stage: count, as: apart}
`;

/** A stage that reads a file outside of the run. */
const plugin = (path: string) => `
import { existsSync, readFileSync } from 'node:fs';
import { defineStage, z } from 'voxloop';

const path = ${JSON.stringify(path)};
const text = () => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

export default defineStage({
  name: 'read',
  summary: 'reads a file',
  options: z.strictObject({}),
  sources: text,
  async run() {
    return { text: text() };
  },
});
`;

test('a stage runs again when what it reads from outside has changed, and says so; not when that is gone', async (t) => {
  const { folder, run, plan } = setUpRun(t, recipe);
  const file = join(folder, 'outside.txt');
  writeFileSync(join(folder, 'read.ts'), plugin(file));
  writeFileSync(file, 'one');
  t.deepEqual((await run()).finished.read.result, { text: 'one' });
  t.deepEqual(await plan(), ['read done', 'apart done']);
  writeFileSync(file, 'two');
  t.deepEqual(await plan(), ['read new', 'apart done']);
  const { finished, said } = await run();
  t.deepEqual(finished.read.result, { text: 'two' });
  t.true(said.includes('1/2 read: what it was made of has changed; it runs again, and what depends on it'));
  rmSync(file);
  t.deepEqual(await plan(), ['read done', 'apart done']);
  t.deepEqual((await run()).finished.read.result, { text: 'two' });
  writeFileSync(file, 'one');
  t.deepEqual(await plan(), ['read done', 'apart done']);
});
