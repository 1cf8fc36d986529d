import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const script = fileURLToPath(new URL('../../../scripts/prepare/hnswlib.mjs', import.meta.url));

/** Builds the hnswlib-node of a folder with a stand-in for npm, which notes what it was asked. */
function build(t: ExecutionContext, index: string | undefined, npm: string) {
  const root = temporaryFolder(t, {
    'npm.cjs': `require('fs').writeFileSync('asked', process.argv.slice(2).join(' '));\n${npm}`,
    ...(index === undefined
      ? {}
      : { 'node_modules/hnswlib-node/binding.gyp': '{}', 'node_modules/hnswlib-node/index.js': index }),
  });
  const code = `import(${JSON.stringify(script)}).then((m) => m.buildHnswlib(process.cwd()))`;
  const env = { ...process.env, npm_execpath: join(root, 'npm.cjs') };
  const { status, stderr } = spawnSync(process.execPath, ['-e', code], { cwd: root, env, encoding: 'utf8' });
  return { status, lines: stderr.split('\n').filter(Boolean), asked: existsSync(join(root, 'asked')) };
}

const unbuilt = `require('./addon.js')`;

test('compiled once, left alone when it loads, and when it is not installed', (t) => {
  const compile = `require('fs').writeFileSync('node_modules/hnswlib-node/addon.js', '');`;
  t.deepEqual(build(t, unbuilt, compile), {
    status: 0,
    lines: ['compiling hnswlib-node (optional) ...'],
    asked: true,
  });
  t.deepEqual(build(t, '', compile), { status: 0, lines: [], asked: false });
  t.deepEqual(build(t, undefined, compile), { status: 0, lines: [], asked: false });
});

test('where it cannot be compiled, one line says what follows, and set-up goes on', (t) => {
  for (const npm of ['process.exit(1)', 'process.exit(0)']) {
    const { status, lines, asked } = build(t, unbuilt, npm);
    t.deepEqual([status, asked, lines.length], [0, true, 2]);
    t.regex(lines[1], /was not compiled: neighbours are searched exactly\. `npm rebuild hnswlib-node/);
  }
});
