import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { Interrupted } from '../../../src/pipeline/run/interrupt.js';
import { planLines, planRun } from '../../../src/pipeline/run/run-plan.js';
import { fakePlugins } from '../../helpers/recipes/fake-plugins.js';
import { setUpRun } from '../../helpers/recipes/set-up-run.js';

const recipe = `
seed: 1
plugins: [mine.ts]
stages:
  - {stage: count, as: one}
  - {stage: count, as: two, to: 4}
  - {stage: add, counts: [one, two]}
  - {stage: count, as: apart, to: 2}
`;

const sumOneToFour = { sum: 10, numbers: [1, 2, 3, 4] };

test('stages run in order, and see the results of those they name', async (t) => {
  const { run, read, events, has } = setUpRun(t, recipe);
  const { finished, said } = await run();
  t.deepEqual(finished.two.result, sumOneToFour);
  t.like(finished.add.result, { total: 16, noise: 'hiss' });
  t.deepEqual(JSON.parse(read('environment.json')), { made: 'by a test' });
  t.regex(read('config.yaml'), /stage: count\n {4}as: two\n {4}to: 4\n {4}pauseMs: 0/);
  t.like(JSON.parse(read('stages/two/stage.json')), { stage: 'count', result: sumOneToFour, options: { to: 4 } });
  t.false(has('stages/two/stage.partial.json') || has('lock'));
  t.deepEqual(
    events().map(({ event, as }) => `${event} ${as ?? ''}`.trim()),
    [
      'run-start',
      ...['one', 'two', 'add', 'apart'].flatMap((as) => [`stage-start ${as}`, `stage-done ${as}`]),
      'run-done',
    ],
  );
  t.is(said.filter((line) => line === 'from the start').length, 3);
});

test('a rerun skips everything, and hands out the same results', async (t) => {
  const { run, plan, events } = setUpRun(t, recipe);
  const first = await run({ tickMs: 10 });
  t.deepEqual(await plan(), ['one done', 'two done', 'add done', 'apart done']);
  const again = await run({ tickMs: 10 });
  t.deepEqual(again.finished, first.finished);
  t.deepEqual(
    again.said,
    ['1/4 one (count)', '2/4 two (count)', '3/4 add', '4/4 apart (count)'].map((x) => `${x}: done before`),
  );
  t.is(events().filter(({ event }) => event === 'stage-skipped').length, 4);
});

test('what a stage publishes is always that of the last run: of a failed one there is none, and an earlier one comes back', async (t) => {
  const { run, read, has } = setUpRun(t, recipe);
  await run();
  t.is(read('total.txt'), '16');
  await t.throwsAsync(run({ settings: ['two.to=5', 'two.failAt=5'] }), { message: /cannot count to 5/ });
  t.false(has('total.txt'));
  await run({ settings: ['two.to=5'] });
  t.is(read('total.txt'), '21');
  await run();
  t.is(read('total.txt'), '16');
});

test('a changed option redoes its stage and those made from it; the old work is set aside and comes back', async (t) => {
  const { run, plan, dir } = setUpRun(t, recipe);
  const first = await run();
  t.deepEqual(await plan(['two.to=5']), ['one done', 'two new', 'add new', 'apart done']);
  const changed = await run({ settings: ['two.to=5'] });
  t.like(changed.finished.add.result, { total: 21 });
  t.deepEqual(changed.finished.one, first.finished.one);
  t.is(readdirSync(join(dir, 'stages', '.aside')).length, 2);
  t.deepEqual(await plan(), ['one done', 'two done', 'add done', 'apart done']);
  t.deepEqual((await run()).finished, first.finished);
  t.deepEqual(await plan(['two.to=5']), ['one done', 'two done', 'add done', 'apart done']);
});

test('the seed, an edited plugin file and a chosen plugin belong to the key; the name of the run does not', async (t) => {
  const { run, plan, folder } = setUpRun(t, recipe);
  await run();
  t.deepEqual(await plan(['seed=2']), ['one new', 'two new', 'add new', 'apart new']);
  t.deepEqual(await plan(['add.noise.level=1']), ['one done', 'two done', 'add new', 'apart done']);
  t.deepEqual(await plan(['name=other', 'threads=2']), ['one done', 'two done', 'add done', 'apart done']);
  writeFileSync(join(folder, 'copy.ts'), `${fakePlugins}\n// edited`);
  t.deepEqual(await plan(['plugins=[copy.ts]']), ['one new', 'two new', 'add new', 'apart new']);
});

test('a stopped stage goes on where it was; results and counted lines are those of an undisturbed run', async (t) => {
  const disturbed = setUpRun(t, recipe);
  await t.throwsAsync(disturbed.run({ stopAt: 3, settings: ['apart.to=2', 'one.to=2'] }), { instanceOf: Interrupted });
  t.deepEqual(await disturbed.plan(['one.to=2']), ['one done', 'two resume', 'add new', 'apart new']);
  t.is(disturbed.read('stages/two/counted.txt'), '1\n2\n3\n');
  t.false(disturbed.has('stages/two/stage.json') || disturbed.has('lock'));
  t.is(disturbed.events().at(-1).event, 'stage-interrupted');

  const resumed = await disturbed.run({ settings: ['one.to=2'] });
  t.true(resumed.said.includes('resumed at 3'));
  const straight = await setUpRun(t, recipe).run({ settings: ['one.to=2'] });
  t.deepEqual(resumed.finished, straight.finished);
  t.is(disturbed.read('stages/two/counted.txt'), '1\n2\n3\n4\n');
});

test('seconds add up over the attempts', async (t) => {
  const yaml = 'plugins: [mine.ts]\nstages:\n  - {stage: count, to: 3}\n';
  const { run, read } = setUpRun(t, yaml);
  await t.throwsAsync(run({ stopAt: 2, tickMs: 1000 }), { instanceOf: Interrupted });
  const before = JSON.parse(read('stages/count/stage.partial.json')).seconds;
  t.true(before >= 1);
  const { finished } = await run({ tickMs: 1000 });
  const straight = await setUpRun(t, yaml).run({ tickMs: 1000 });
  t.is(finished.count.seconds, before + straight.finished.count.seconds);
});

test('an unfinished attempt with other options is set aside, not resumed', async (t) => {
  const { run, plan } = setUpRun(t, recipe);
  const settings = ['one.to=2'];
  await t.throwsAsync(run({ settings, stopAt: 3 }), { instanceOf: Interrupted });
  const { said } = await run({ settings: ['one.to=2', 'two.to=5'] });
  t.false(said.some((line) => line.startsWith('resumed')));
  t.deepEqual(await plan(settings), ['one done', 'two resume', 'add new', 'apart done']);
  t.true((await run({ settings })).said.includes('resumed at 3'));
});

test('what writes that were killed have left is gone when the stage is done', async (t) => {
  const { run, has, dir } = setUpRun(t, recipe);
  const settings = ['one.to=2'];
  await t.throwsAsync(run({ settings, stopAt: 3 }), { instanceOf: Interrupted });
  const [left, kept] = ['checkpoint.safetensors.0123abcd.tmp', 'mine.tmp'];
  mkdirSync(join(dir, 'stages/two/models'));
  for (const name of [left, `models/${left}`, kept]) writeFileSync(join(dir, 'stages/two', name), 'half');
  writeFileSync(join(dir, left), 'half');
  await run({ settings });
  t.deepEqual(
    [left, `models/${left}`, kept].map((name) => has(`stages/two/${name}`)),
    [false, false, true],
  );
  t.false(has(left));
});

test('a stage that was killed before it said what it is leaves nothing behind', async (t) => {
  const { run, has, dir } = setUpRun(t, recipe);
  mkdirSync(join(dir, 'stages/two'), { recursive: true });
  writeFileSync(join(dir, 'stages/two/stage.partial.json.0123abcd.tmp'), '{"key"');
  await run();
  t.false(has('stages/.aside'));
  t.true(has('stages/two/stage.json'));
});

test('a convertible option may change while a stage is unfinished; a finished one is done again', async (t) => {
  const { run, plan } = setUpRun(t, recipe);
  await t.throwsAsync(run({ settings: ['one.to=2', 'two.pauseMs=1'], stopAt: 3 }), { instanceOf: Interrupted });
  const other = ['one.to=2', 'two.pauseMs=2'];
  t.deepEqual(await plan(other), ['one done', 'two resume', 'add new', 'apart new']);
  t.true((await run({ settings: other })).said.includes('resumed at 3'));
  t.deepEqual(await plan(other), ['one done', 'two done', 'add done', 'apart done']);
  t.deepEqual(await plan(['one.to=2', 'two.pauseMs=3']), ['one done', 'two new', 'add new', 'apart done']);
});

test('a stage that comes to its end although it was asked to stop is done; the next one does not begin', async (t) => {
  const { run, plan } = setUpRun(t, recipe);
  await t.throwsAsync(run({ stopAt: 4 }), { instanceOf: Interrupted });
  t.deepEqual(await plan(), ['one done', 'two done', 'add new', 'apart new']);
});

test('a stage that fails names itself, keeps what is done, and goes on when the cause is mended', async (t) => {
  const { run, plan, events, has } = setUpRun(t, recipe);
  const error = await t.throwsAsync(run({ settings: ['two.failAt=3'] }), { instanceOf: UserError });
  t.is(error.message, '2/4 two (count): cannot count to 3');
  t.like(events().at(-1), { event: 'stage-failed', as: 'two', message: 'cannot count to 3' });
  t.false(has('lock'));
  t.deepEqual(await plan(['two.failAt=3']), ['one done', 'two resume', 'add new', 'apart new']);
});

test('a forced stage is done again with all that is made from it, also after a stop', async (t) => {
  const { run, plan } = setUpRun(t, recipe);
  await run();
  t.deepEqual(await plan([], ['two']), ['one done', 'two new', 'add new', 'apart done']);
  await t.throwsAsync(run({ forced: ['two'], stopAt: 1 }), { instanceOf: Interrupted });
  t.deepEqual(await plan(), ['one done', 'two resume', 'add new', 'apart done']);
  await t.throwsAsync(run({ forced: ['tow'] }), {
    instanceOf: UserError,
    message: "--force-stage tow: the config has no such stage; did you mean 'two'?",
  });
});

test('what is missing is told before the first stage runs, all of it, and nothing is written', async (t) => {
  const { run, has } = setUpRun(t, recipe);
  const settings = ['two.needs=/no/data', 'apart.needs=/no/more'];
  const error = await t.throwsAsync(run({ settings }), { instanceOf: UserError });
  t.is(error.message, 'two (count): /no/data does not exist\napart (count): /no/more does not exist');
  t.false(has('journal.jsonl') || has('stages') || has('lock'));
});

test('a stage that is done is not checked again', async (t) => {
  const { run, folder } = setUpRun(t, recipe);
  const settings = [`two.needs=${join(folder, 'data')}`];
  writeFileSync(join(folder, 'data'), '');
  await run({ settings });
  rmSync(join(folder, 'data'));
  await t.notThrowsAsync(run({ settings }));
  await t.throwsAsync(run({ settings: [...settings, 'two.to=5'] }), { message: /data does not exist$/ });
});

test('a journal and a folder cut short by a kill are no obstacle', async (t) => {
  const { run, dir, events } = setUpRun(t, recipe);
  mkdirSync(join(dir, 'stages', 'one'), { recursive: true });
  writeFileSync(join(dir, 'stages', 'one', 'stage.json'), '{"key": "');
  appendFileSync(join(dir, 'journal.jsonl'), '{"event":"run-sta');
  const { finished } = await run();
  t.like(finished.add.result, { total: 16 });
  t.throws(() => events());
  t.deepEqual(readFileSync(join(dir, 'journal.jsonl'), 'utf8').split('\n')[0], '{"event":"run-sta');
});

test('the plan in words', async (t) => {
  const { folder, dir } = setUpRun(t, recipe);
  const registry = createRegistry([]);
  const config = await loadConfig({ file: join(folder, 'demo.yaml'), registry });
  t.deepEqual(planLines(planRun(config, dir, registry)), [
    '1/4 one (count): to do',
    '2/4 two (count): to do',
    '3/4 add: to do',
    '4/4 apart (count): to do',
  ]);
});
