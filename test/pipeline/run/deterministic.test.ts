import test from 'ava';
import { askForDeterminism, determinismAsked, determinismInForce } from '../../../src/engine/graph/deterministic.js';
import { openSession } from '../../../src/engine/session/session.js';
import { UserError } from '../../../src/errors.js';
import { setUpRun } from '../../helpers/recipes/set-up-run.js';

const recipe = 'plugins: [mine.ts]\nstages:\n  - {stage: count, as: one}\n';

test.serial('a recipe that does not ask for deterministic operations leaves the process as it is', async (t) => {
  const { run, read } = setUpRun(t, recipe);
  await run();
  t.notRegex(read('config.yaml'), /deterministic/);
  t.false(determinismAsked());
});

test.serial('where TensorFlow works without them already, asking comes too late', async (t) => {
  await openSession({ device: 'cpu' }).close();
  t.false(determinismInForce());
  const { run } = setUpRun(t, `deterministic: true\n${recipe}`);
  const error = await t.throwsAsync(run(), { instanceOf: UserError });
  t.regex(error!.message, /^deterministic: true comes too late: .*Set TF_DETERMINISTIC_OPS=1 before it starts/);
  t.false(determinismAsked());
  t.throws(askForDeterminism, { instanceOf: UserError });
});
