import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { LONGEST, longestFirst } = (await import(
  new URL('../../../scripts/longest-first.mjs', import.meta.url).href
)) as {
  LONGEST: readonly string[];
  longestFirst(a: string, b: string): number;
};

test('files that take longest start first, the others by name', (t) => {
  const [first, second] = LONGEST.map((file) => `/clone/dist/${file.replace(/ts$/, 'js')}`);
  const [early, late] = ['/clone/dist/test/audio/a.test.js', '/clone/dist/test/train/z.test.js'];
  t.deepEqual([late, second, early, first].sort(longestFirst), [first, second, early, late]);
});

test('every file that is said to take long exists', (t) => {
  t.deepEqual(
    LONGEST.filter((file) => !existsSync(join(root, file))),
    [],
  );
});
