import { join } from 'node:path';
import test from 'ava';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('quantize writes a model folder that the other commands take, and says what it packed', async (t) => {
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  await writeTinyModel(at('model'));
  const { code, stdout, stderr } = await runCli(['quantize', at('model'), '--bits', '2', '--out', at('small')]);
  t.is(code, 0, stderr);
  t.regex(stdout, /small: \d\.\d KiB instead of \d\.\d KiB; 5 layers at 2 bits \(ternary\), 0 as they were/);
  const size = await runCli(['size', at('small'), '--seconds', '1', '--json']);
  t.is(size.code, 0, size.stderr);
  const again = await runMain(['quantize', at('model'), '--bits', '2', '--out', at('model')]);
  t.is(again.code, 2);
  t.regex(again.stderr, /model holds a model already/);
});
