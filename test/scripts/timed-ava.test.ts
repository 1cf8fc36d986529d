import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

test('every finished test is recorded with its file and its seconds', (t) => {
  const times = join(temporaryFolder(t, { 'times.jsonl': '' }), 'times.jsonl');
  const args = ['scripts/timed-ava.mjs', '--tap', 'dist/test/scripts/tap.test.js'];
  // Within AVA, AVA refuses to run: it knows itself by NODE_ENV and a variable of its own.
  const env = { PATH: process.env.PATH, VOXLOOP_TEST_TIMES: times };
  const tap = execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  t.regex(tap, /^ok 1 - tests count/m);
  const [first, ...others] = readFileSync(times, 'utf8').trimEnd().split('\n');
  const { file, title, seconds, fileSeconds } = JSON.parse(first);
  t.deepEqual([others.length, file], [0, 'test/scripts/tap.test.ts']);
  t.regex(title, /^tests count, skipped/);
  t.true(seconds >= 0 && fileSeconds > 0);
});
