import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const script = fileURLToPath(new URL('../../../scripts/check-imports.mjs', import.meta.url));

function check(t: ExecutionContext, files: Record<string, string>) {
  const { status, stdout } = spawnSync(process.execPath, [script, temporaryFolder(t, files)], { encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n') };
}

test('imports that point one way pass', (t) => {
  const { status, lines } = check(t, {
    'src/cli/run.ts': `import { a } from '../nn/a.js';\nconst b = await import('../engine/b.js');`,
    'src/nn/a.ts': `import { b } from '../engine/b.js';\nimport { join } from 'node:path';\nexport const a = 1;`,
    'src/engine/b.ts': `import * as tf from '@tensorflow/tfjs';`,
    'ssl/dino.ts': `import { z } from '../src/index.js';\nexport const a = 1;\nexport default 1;`,
    'ssl/rdino.ts': `import { a, type B } from './dino.js';\nexport default a;`,
    'src/index.ts': `export { a } from './nn/a.js';`,
  });
  t.is(status, 0);
  t.deepEqual(lines, ['imports: 8 checked, all point one way']);
});

test('every way around is found, with file and line; comments are not code', (t) => {
  const { status, lines } = check(t, {
    'src/nn/a.ts': `// import '../cli/x.js';\n/**\n * import '../cli/x.js';\n */\nimport {\n  b,\n} from '../train/b.js';`,
    'src/train/b.ts': `import type { A } from '../nn/a.js';\nexport * as koffi from 'koffi';`,
    'ssl/dino.ts': `import moco from './moco.js';\nimport { b } from '../src/train/b.js';`,
    'ssl/moco.ts': `export const c = 1;\nexport default c;`,
    'src/oddities/d.ts': `import '../nn/a.js';`,
  });
  t.is(status, 1);
  t.deepEqual(lines, [
    "src/nn/a.ts:5: nn may not import train ('../train/b.js')",
    "src/oddities/d.ts:1: 'oddities' has no rank; give it one in scripts/imports/rules.mjs",
    "src/train/b.ts:2: only src/engine may import 'koffi'",
    "ssl/dino.ts:1: a plugin may not import another plugin, only what that one exports by name ('./moco.js')",
    "ssl/dino.ts:2: ssl may import src/index.js only, not '../src/train/b.js'",
    'cycle between folders: nn -> train -> nn',
  ]);
});

test("a plugin may not take another's default export in any way", (t) => {
  const imports = [
    `import moco from './moco.js';`,
    `import moco, { c } from './moco.js';`,
    `import type Moco from './moco.js';`,
    `import {\n  c,\n  default as moco,\n} from './moco.js';`,
    `import * as moco from './moco.js';`,
    `export { default } from './moco.js';`,
    `const moco = await import('./moco.js');`,
  ];
  for (const text of imports) {
    const { lines } = check(t, { 'ssl/dino.ts': text, 'ssl/moco.ts': `export const c = 1;\nexport default c;` });
    t.regex(lines[0], /^ssl\/dino\.ts:\d: a plugin may not import another plugin/, text);
  }
});
