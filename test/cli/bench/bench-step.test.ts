import test from 'ava';
import { runCli } from '../../helpers/run-cli.js';
import { runMain } from '../../helpers/run-main.js';

test('an unknown backbone is answered with the near ones', async (t) => {
  const { code, stdout, stderr } = await runMain(['bench', 'step', '--backbone', 'resnt34']);
  t.deepEqual([code, stdout], [2, '']);
  t.regex(stderr, /^There is no backbone plugin 'resnt34'; did you mean 'resnet34'/);
});

test('a step of a backbone with a chosen pooling is timed', async (t) => {
  const args = ['bench', 'step', '--backbone', 'tdnn', '--batch', '2', '--frames', '20', '--steps', '1', '--json'];
  const { code, stdout } = await runCli(args);
  t.is(code, 0);
  const { parameters, peakBytes } = JSON.parse(stdout);
  t.true(parameters > 600_000 && peakBytes > 4 * parameters);
});
