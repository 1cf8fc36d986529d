import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const script = fileURLToPath(new URL('../../../scripts/docs/write.mjs', import.meta.url));

test('the generated pages are those of this tree; `node scripts/docs/write.mjs` renews them', (t) => {
  const { stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  t.deepEqual([stdout, stderr], ['', '']);
});
