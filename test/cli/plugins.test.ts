import { join } from 'node:path';
import test from 'ava';
import { fakePlugins } from '../helpers/recipes/fake-plugins.js';
import { runCli } from '../helpers/run-cli.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('plugins are listed by kind with their options, defaults and meaning', async (t) => {
  const cwd = temporaryFolder(t, { 'mine.ts': fakePlugins });
  const { code, stdout, stderr } = await runCli(['plugins', 'count', 'add', 'hiss', '--plugin', 'mine.ts'], { cwd });
  t.deepEqual([code, stderr], [0, '']);
  t.is(
    stdout,
    `stage
  count: Counts.
      (mine.ts)
      to            integer >= 1, default 3, the last number
      pauseMs       number, default 0
      failAt        integer
      stopAt        integer
      needs         string, a file that must be there
      scale.factor  number, default 1

  add: Adds counts up.
      (mine.ts)
      counts  list of artifact (count), required
      noise   augmentation plugin, default "hiss"

augmentation
  hiss: Hisses.
      (mine.ts)
      level   number >= 0, default 0.5
      colour  white | pink, default "white"
`,
  );
});

test('--json gives JSON Schema; a kind selects; a wrong name is answered with the nearest', async (t) => {
  const cwd = temporaryFolder(t, { 'mine.ts': fakePlugins });
  const { stdout } = await runMain(['plugins', 'augmentation', '--json', '--plugin', 'mine.ts'], { cwd });
  const plugins: { kind: string; name: string; file: string | null; options: object }[] = JSON.parse(stdout);
  t.true(plugins.every(({ kind }) => kind === 'augmentation'));
  t.like(
    plugins.find(({ name }) => name === 'hiss'),
    {
      file: 'mine.ts',
      options: { type: 'object', properties: { level: { type: 'number', minimum: 0, default: 0.5 } } },
    },
  );
  const wrong = await runMain(['plugins', 'pretrian'], { cwd: join(cwd) });
  t.deepEqual(
    [wrong.code, wrong.stderr],
    [2, "No plugin and no kind of plugin is called 'pretrian'; did you mean 'pretrain'?\n"],
  );
});
