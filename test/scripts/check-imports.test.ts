import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const script = fileURLToPath(new URL('../../../scripts/check-imports.mjs', import.meta.url));

function check(t: ExecutionContext, files: Record<string, string>, ...flags: string[]) {
  const args = [script, ...flags, temporaryFolder(t, files)];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, stdout };
}

/** The faults of a tree, and its figures. */
function measure(t: ExecutionContext, files: Record<string, string>) {
  const { status, stdout } = check(t, files, '--json');
  const structure = JSON.parse(stdout);
  t.is(status, structure.faults.length > 0 ? 1 : 0);
  return structure;
}

const lines = (count: number) => Array.from({ length: count }, (_, i) => `  f(${i});\n`).join('');

test('imports that point one way pass', (t) => {
  const { status, stdout } = check(t, {
    'src/cli/run.ts': `import { a } from '../nn/a.js';\nconst b = await import('../engine/b.js');`,
    'src/nn/a.ts': `import { b } from '../engine/b.js';\nimport { join } from 'node:path';\nexport const a = () => 1;`,
    'src/engine/b.ts': `import type * as tf from '#tensorflow';`,
    'ssl/dino.ts': `import { z } from '../src/index.js';\nexport default 1;`,
    'src/index.ts': `export { a } from './nn/a.js';`,
  });
  t.is(status, 0);
  t.deepEqual(stdout.trim().split('\n'), [
    'structure: 5 files, 7 imports, 1 functions, 0 circles of types, 0 reasoned exceptions, 0 faults',
    'longest functions: a 1',
    'fullest folders: src/cli 1, src/engine 1, src 1, src/nn 1, ssl 1',
  ]);
});

test('every way around is found, with file and line; comments and texts are not code', (t) => {
  const { faults } = measure(t, {
    'src/nn/a.ts': `// import '../cli/x.js';\n/**\n * import '../cli/x.js';\n */\nimport {\n  b,\n} from '../train/b.js';`,
    'src/train/b.ts': `import type { A } from '../nn/a.js';\nexport * as koffi from 'koffi';\nconst text = \`\nimport '../cli/x.js';\n\`;`,
    'ssl/dino.ts': `import c from './moco.js';\nimport { b } from '../src/train/b.js';`,
    'ssl/moco.ts': `export const c = 1;\nexport default c;`,
    'src/oddities/d.ts': `import '../nn/a.js';\ntype B = import('../train/b.js').B;\nimport '#tensorflow';`,
    'src/pipeline/p.ts': `import { s } from '../stages/s.js';`,
    'src/stages/s.ts': `export const s = 1;`,
  });
  t.deepEqual(faults, [
    "src/nn/a.ts:5: nn may not import train ('../train/b.js')",
    "src/oddities/d.ts:1: 'oddities' has no rank; give it one in scripts/structure/directions.mjs",
    "src/oddities/d.ts:2: 'oddities' has no rank; give it one in scripts/structure/directions.mjs",
    "src/oddities/d.ts:3: only src/engine may import '#tensorflow'",
    "src/pipeline/p.ts:1: pipeline may not import stages ('../stages/s.js')",
    "src/train/b.ts:2: only src/engine may import 'koffi'",
    "ssl/dino.ts:1: a plugin may not import another plugin's default export ('./moco.js')",
    "ssl/dino.ts:2: ssl may import src/index.js only, not '../src/train/b.js'",
    'circle between folders: src/nn, src/train',
  ]);
});

test("a plugin's named parts are free to the plugins beside it, its default export is not, whatever it is called", (t) => {
  const moco = `export const queue = 1;\nexport default queue;`;
  const take = (text: string) => measure(t, { 'ssl/moco.ts': moco, 'ssl/dino.ts': text }).faults.length;
  t.is(take(`import { queue } from './moco.js';`), 0);
  t.is(take(`export * from './moco.js';`), 0);
  t.is(take(`import { queue, default as moco } from './moco.js';`), 1);
  t.is(take(`export { default } from './moco.js';`), 1);
  t.is(take(`import * as moco from './moco.js';`), 1);
  t.is(take(`const moco = await import('./moco.js');`), 1);
});

test('circles of values between files are faults; types are counted, and import() comes after loading', (t) => {
  const circle = (back: string) => ({
    'src/nn/a.ts': `import { b } from './b.js';`,
    'src/nn/b.ts': `export * from './c.js';`,
    'src/nn/c.ts': back,
  });
  const values = measure(t, circle(`import { a } from './a.js';`));
  t.deepEqual(values.faults, ['circle between files: src/nn/a.ts, src/nn/b.ts, src/nn/c.ts']);
  t.is(values.typeCircles, 0);
  for (const back of [
    `import type { A } from './a.js';`,
    `export type { A } from './a.js';`,
    `type A = import('./a.js').A;`,
  ]) {
    const types = measure(t, circle(back));
    t.deepEqual([types.faults, types.typeCircles], [[], 1], back);
  }
  const lazy = measure(t, circle(`const a = () => import('./a.js');`));
  t.deepEqual([lazy.faults, lazy.typeCircles], [[], 0]);
});

test('folders side by side may not need each other, at any depth; a folder and what it lies in may', (t) => {
  const { faults } = measure(t, {
    'src/data/crops/a.ts': `import { b } from '../shards/b.js';\nimport { d } from '../d.js';`,
    'src/data/shards/b.ts': '',
    'src/data/shards/c.ts': `import type { A } from '../crops/a.js';`,
    'src/data/d.ts': `import { c } from './shards/c.js';`,
  });
  t.deepEqual(faults, ['circle between folders: src/data/crops, src/data/shards']);
});

test('a function of more than 60 lines is a fault unless it says why', (t) => {
  const { faults, longest, reasons } = measure(t, {
    'src/nn/a.ts': [
      `export function fits() {\n${lines(58)}}\n`,
      `export function long() {\n${lines(59)}}\n`,
      `// long function: a table of cases\nexport function above() {\n${lines(59)}}\n`,
      `export const held = () => {\n  // long function: one formula\n${lines(59)}};\n`,
      `export default define({\n  build() {\n${lines(60)}  },\n});\n`,
    ].join(''),
  });
  t.deepEqual(faults, [
    'src/nn/a.ts:247: build has 62 lines; at most 60',
    'src/nn/a.ts:61: long has 61 lines; at most 60',
  ]);
  t.deepEqual(
    longest.map(({ name, lines }: { name: string; lines: number }) => [name, lines]),
    [
      ['held', 62],
      ['build', 62],
      ['long', 61],
      ['above', 61],
      ['fits', 60],
    ],
  );
  t.deepEqual(
    reasons.map(({ reason }: { reason: string }) => reason),
    ['one formula', 'a table of cases'],
  );
});

test('a folder of more than 25 files is a fault unless one of them says why; folders in it do not count', (t) => {
  const files = (folder: string, count: number, text = '') =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/${i}.ts`, text]));
  const full = measure(t, { ...files('src/nn', 26), ...files('src/nn/deep', 25), ...files('ssl', 25) });
  t.deepEqual(full.faults, ['src/nn: 26 files lie in it directly; at most 25']);
  const reasoned = measure(t, { ...files('src/nn', 26), 'src/nn/0.ts': '// full folder: a kernel a file' });
  t.deepEqual([reasoned.faults, reasoned.reasons.length], [[], 1]);
});

test('a spread literal is a fault anywhere, the spread of a value is none', (t) => {
  const { faults } = measure(t, {
    'src/nn/a.ts': [
      'const a = { ...{ x, y }, z };',
      'const b = [...[x], y];',
      'f(...[x, y]);',
      'const c = { ...({ x } as Options) };',
      'const d = { ...(x && { y }), ...x, ...f({ y }), ...(x ? { y } : {}), ...(x ?? {}) };',
      'const e = [...x, ...(y ? [z] : []), ...[x].map(f), "...{ x }"]; // ...{ x }',
      'const { ...rest } = x;',
    ].join('\n'),
    'test/b.test.ts': 'const a = { ...{ x } };',
    'scripts/c.mjs': 'const a = { ...{ x } };',
  });
  const properties = 'a literal is spread; write its properties without the spread';
  const elements = 'a literal is spread; write its elements without the spread';
  t.deepEqual(faults, [
    `src/nn/a.ts:1: ${properties}`,
    `src/nn/a.ts:2: ${elements}`,
    `src/nn/a.ts:3: ${elements}`,
    `src/nn/a.ts:4: ${properties}`,
    `scripts/c.mjs:1: ${properties}`,
    `test/b.test.ts:1: ${properties}`,
  ]);
});

test('a path that is taken out of a file URL is a fault, the path of a web address is none', (t) => {
  const { faults } = measure(t, {
    'src/io/a.ts': [
      `const a = new URL('x', import.meta.url).pathname;`,
      `const folder = new URL('x/', import.meta.url);\nconst b = new URL('y', folder).pathname;`,
      `const c = folder.pathname;`,
      `const d = import.meta.url.slice(7);`,
      `const e = fileURLToPath(new URL('x', import.meta.url)) + new URL(address).pathname + url.pathname + folder.href;`,
    ].join('\n'),
    'bin/b.mjs': `spawn(new URL('x', import.meta.url).pathname);`,
  });
  const fault = 'a file URL is no path; use fileURLToPath';
  t.deepEqual(
    faults,
    ['src/io/a.ts:1', 'src/io/a.ts:3', 'src/io/a.ts:4', 'src/io/a.ts:5', 'bin/b.mjs:1'].map(
      (place) => `${place}: ${fault}`,
    ),
  );
});

test('a recursive mkdir is a fault in the library, makeFolder and a single mkdir are none', (t) => {
  const { faults } = measure(t, {
    'src/io/a.ts': [
      'mkdirSync(x, { recursive: true });',
      'await fs.mkdir(x, { mode, recursive: true });',
      'mkdirSync(x);\nmkdirSync(x, { mode });\nmakeFolder(x);\nrmSync(x, { recursive: true });',
    ].join('\n'),
    'test/b.test.ts': 'mkdirSync(x, { recursive: true });',
  });
  const fault = 'a recursive mkdir may never return; use makeFolder of src/io/folder.ts';
  t.deepEqual(faults, [`src/io/a.ts:1: ${fault}`, `src/io/a.ts:2: ${fault}`]);
});
