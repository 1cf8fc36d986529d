import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { Interrupted } from '../../../src/pipeline/run/interrupt.js';
import { setUpRun } from '../../helpers/recipes/set-up-run.js';

const recipe = `
plugins: [mine.ts]
stages:
  - {stage: count, as: one}
  - {stage: nest, counts: one}
`;
const done = { sum: 3, total: 6 + 3 + 6, same: true };

test('a stage runs others in its own folder, and they see what it was given and each other', async (t) => {
  const { run, read, events } = setUpRun(t, recipe);
  const { finished, said } = await run();
  t.deepEqual(finished.nest.result, done);
  t.is(read('stages/nest/stages/second/counted.txt'), '1\n2\n3\n');
  t.deepEqual(
    events()
      .filter(({ within }) => within === 'nest')
      .map(({ event, as }) => `${event} ${as}`),
    ['first', 'second', 'both'].flatMap((as) => [`stage-start ${as}`, `stage-done ${as}`]),
  );
  t.true(said.includes('2/2 nest: second'));
});

test('a stopped inner stage goes on where it was, and those before it are skipped', async (t) => {
  const { run, plan, read, events } = setUpRun(t, recipe);
  const settings = ['nest.to=3'];
  await t.throwsAsync(run({ stopAt: 4, settings }), { instanceOf: Interrupted });
  t.is(events().at(-1).event, 'stage-interrupted');
  t.deepEqual(await plan(settings), ['one done', 'nest resume']);
  t.is(read('stages/nest/stages/second/counted.txt'), '1\n2\n3\n4\n');
  const resumed = await run({ settings });
  t.deepEqual(resumed.finished.nest.result, { sum: 6, total: 6 + 6 + 21, same: true });
  t.is(read('stages/nest/stages/first/counted.txt'), '1\n2\n3\n', 'not counted again');
  t.is(read('stages/nest/stages/second/counted.txt'), '1\n2\n3\n4\n5\n6\n');
  t.is(events().filter(({ event, as }) => event === 'stage-skipped' && as === 'first').length, 1);
});

test('other options of the outer stage begin anew, in a folder of their own', async (t) => {
  const { run, dir } = setUpRun(t, recipe);
  await run();
  const { finished } = await run({ settings: ['nest.to=3'] });
  t.like(finished.nest.result, { sum: 6, total: 6 + 6 + 21 });
  t.is(readdirSync(join(dir, 'stages', '.aside')).length, 1);
});

test('options that the inner stage does not know are named', async (t) => {
  const { run } = setUpRun(t, recipe);
  const error = await t.throwsAsync(run({ settings: ['nest.wrong=true'] }), { instanceOf: UserError });
  t.regex(error.message, /stage 'first'.*unknown key 'till'/);
});
