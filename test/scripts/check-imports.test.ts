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
    'ssl/dino.ts': `import { z } from '../src/index.js';\nexport default 1;`,
    'src/index.ts': `export { a } from './nn/a.js';`,
  });
  t.is(status, 0);
  t.deepEqual(lines, ['imports: 7 checked, all point one way']);
});

test('every way around is found, with file and line; comments are not code', (t) => {
  const { status, lines } = check(t, {
    'src/nn/a.ts': `// import '../cli/x.js';\n/**\n * import '../cli/x.js';\n */\nimport {\n  b,\n} from '../train/b.js';`,
    'src/train/b.ts': `import type { A } from '../nn/a.js';\nexport * as koffi from 'koffi';`,
    'ssl/dino.ts': `import { c } from './moco.js';\nimport { b } from '../src/train/b.js';`,
    'ssl/moco.ts': `export const c = 1;\nexport default c;`,
    'src/oddities/d.ts': `import '../nn/a.js';`,
    'src/pipeline/p.ts': `import { s } from '../stages/s.js';`,
    'src/stages/s.ts': `export const s = 1;`,
  });
  t.is(status, 1);
  t.deepEqual(lines, [
    "src/nn/a.ts:5: nn may not import train ('../train/b.js')",
    "src/oddities/d.ts:1: 'oddities' has no rank; give it one in scripts/imports/rules.mjs",
    "src/pipeline/p.ts:1: pipeline may not import stages ('../stages/s.js')",
    "src/train/b.ts:2: only src/engine may import 'koffi'",
    "ssl/dino.ts:1: a plugin may not import a plugin ('./moco.js')",
    "ssl/dino.ts:2: ssl may import src/index.js only, not '../src/train/b.js'",
    'cycle between folders: nn -> train -> nn',
  ]);
});
