import test from 'ava';
import { determinismAsked, determinismInForce } from '../../../src/engine/graph/deterministic.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { describeRun } from '../../../src/pipeline/run/environment.js';
import { newRegistry } from '../../helpers/recipes/run-stage.js';
import { setUpRun } from '../../helpers/recipes/set-up-run.js';

// In a file, and so a process, of its own: TensorFlow is asked before it is loaded.
test('a recipe asks TensorFlow for deterministic operations before it is loaded, and says so', async (t) => {
  const config = await loadConfig({ file: 'configs/small/dino.yaml', registry: newRegistry() });
  t.false(describeRun(config).deterministic);
  t.true(describeRun({ ...config, deterministic: true }).deterministic);

  const { run, read } = setUpRun(t, 'deterministic: true\nplugins: [mine.ts]\nstages:\n  - {stage: count, as: one}\n');
  await run();
  t.regex(read('config.yaml'), /^deterministic: true$/m);
  t.true(determinismAsked());
  t.true(determinismInForce());
  // As for a run in a shell that has set the variable by itself.
  t.true(describeRun(config).deterministic);
});
