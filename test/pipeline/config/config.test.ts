import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../../src/errors.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { resolvedYaml } from '../../../src/pipeline/config/resolved-yaml.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { fakePlugins } from '../../helpers/recipes/fake-plugins.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

function load(t: ExecutionContext, yaml: string, settings: string[] = []) {
  const folder = temporaryFolder(t, { 'demo.yaml': yaml, 'mine.ts': fakePlugins });
  // A resolved config brings its plugins along.
  const plugins = yaml.includes('plugins:\n') ? [] : [join(folder, 'mine.ts')];
  return loadConfig({ file: join(folder, 'demo.yaml'), settings, plugins, registry: createRegistry([]) });
}

async function messageFor(t: ExecutionContext, yaml: string, settings: string[] = []): Promise<string> {
  const error = await t.throwsAsync(load(t, yaml, settings), { instanceOf: UserError });
  return error.message.replaceAll(/\S*\/demo\.yaml/g, 'demo.yaml');
}

const good = `name: demo
seed: 7
stages:
  - stage: count
    as: one
    to: 4
  - {stage: count, as: two}
  - stage: add
    counts: [one, two]
    noise: {name: hiss, level: 0.25}
`;

test('defaults are filled in, references and choices are collected', async (t) => {
  const config = await load(t, good);
  t.like(config, { name: 'demo', seed: 7, device: 'auto', threads: 0 });
  const [one, , add] = config.stages;
  t.like(one, { stage: 'count', as: 'one', options: { to: 4, pauseMs: 0, scale: { factor: 1 } }, references: [] });
  t.deepEqual(add.references, ['one', 'two']);
  t.deepEqual(add.uses, [{ kind: 'augmentation', name: 'hiss' }]);
  t.deepEqual(add.options, {
    counts: ['one', 'two'],
    noise: { kind: 'augmentation', name: 'hiss', options: { level: 0.25, colour: 'white' } },
  });
});

test('the resolved YAML can be run again, and resolves to the same', async (t) => {
  const first = await load(t, good);
  const again = await load(t, resolvedYaml(first));
  t.is(resolvedYaml(again), resolvedYaml(first));
  t.regex(resolvedYaml(first), /noise:\n {6}name: hiss\n {6}level: 0.25\n {6}colour: white/);
});

test('without a name the file gives one; a plugin is chosen by its name alone', async (t) => {
  const config = await load(t, 'stages:\n  - stage: count\n  - {stage: add, counts: [count], noise: hiss}\n');
  t.is(config.name, 'demo');
  t.like(config.stages[1].options, { noise: { name: 'hiss', options: { level: 0.5 } } });
});

test('what names the artifact of a misspelt stage is no fault of its own', async (t) => {
  const message = await messageFor(
    t,
    'stages:\n  - {stage: cuont, as: c}\n  - {stage: add, counts: [c], noise: hiss}\n',
  );
  t.is(message.match(/^demo\.yaml:/gm)?.length, 1, message);
  t.regex(message, /there is no stage 'cuont'; did you mean 'count'/);
});

test('every fault is listed with its place, its line and the nearest name', async (t) => {
  const message = await messageFor(
    t,
    `nme: demo
seed: fast
device: cup
stages:
  - stage: count
    as: one
    too: 4
    scale: {factor: big}
  - stage: cuont
  - stage: add
    counts: [oen, add]
    noise: {name: hiss, levle: 1, level: -1, colour: pnik}
`,
  );
  t.is(
    message,
    `demo.yaml:1:1: unknown key 'nme' in the config; did you mean 'name'?
  1 | nme: demo
    | ^
demo.yaml:2:7: 'seed' must be a number, but is "fast"
  2 | seed: fast
    |       ^
demo.yaml:3:9: 'device' must be "auto", "cpu" or "gpu", but is "cup"; did you mean 'cpu'?
  3 | device: cup
    |         ^
demo.yaml:7:5: unknown key 'too' in stage 'count'; did you mean 'to'?
  7 |     too: 4
    |     ^
demo.yaml:8:21: 'scale.factor' of stage 'count' must be a number, but is "big"
  8 |     scale: {factor: big}
    |                     ^
demo.yaml:9:12: there is no stage 'cuont'; did you mean 'count'?
  9 |   - stage: cuont
    |            ^
demo.yaml:11:14: 'counts.0' of stage 'add' names 'oen', but no earlier stage makes it; did you mean 'one'?
  11 |     counts: [oen, add]
     |              ^
demo.yaml:11:19: 'counts.1' of stage 'add' names 'add', which is not made before this stage
  11 |     counts: [oen, add]
     |                   ^
demo.yaml:12:25: unknown key 'levle' in 'noise' of stage 'add'; did you mean 'level'?
  12 |     noise: {name: hiss, levle: 1, level: -1, colour: pnik}
     |                         ^
demo.yaml:12:42: 'noise.level' of stage 'add' must be at least 0, but is -1
  12 |     noise: {name: hiss, levle: 1, level: -1, colour: pnik}
     |                                          ^
demo.yaml:12:54: 'noise.colour' of stage 'add' must be "white" or "pink", but is "pnik"; did you mean 'pink'?
  12 |     noise: {name: hiss, levle: 1, level: -1, colour: pnik}
     |                                                      ^`,
  );
});

test('an artifact of another kind, a name used twice, a missing option, a wrong plugin', async (t) => {
  const message = await messageFor(
    t,
    `stages:
  - {stage: count, as: one}
  - {stage: add, as: one, counts: []}
  - {stage: add, as: b, counts: [one]}
  - {stage: add, as: c}
  - {stage: add, as: d, counts: [], noise: his}
`,
  );
  t.deepEqual(message.match(/demo.yaml:.*/g), [
    "demo.yaml:3:22: two stages make 'one'; give stage 'add' another name with 'as'",
    "demo.yaml:4:34: 'counts.0' of stage 'add' must name a 'count', but 'one' is a 'add'",
    "demo.yaml:5:5: 'counts' of stage 'add' is missing",
    "demo.yaml:6:44: 'noise' of stage 'add' names 'his', but no plugin of kind 'augmentation' has that name; did you mean 'hiss'?",
  ]);
});

test('of a long line the part around the fault is shown, and of many faults the first ten', async (t) => {
  const long = `{name: "${'x'.repeat(5000)}", sead: 1, stages: [{stage: count}], description: "${'y'.repeat(5000)}"}\n`;
  const [head, line, mark] = (await messageFor(t, long)).split('\n');
  t.regex(head, /^demo\.yaml:1:5012: unknown key 'sead'/);
  t.true(line.length < 260, String(line.length));
  t.is(line.slice(mark.indexOf('^')).slice(0, 4), 'sead');
  const broken = `stages: [\n${'@\n'.repeat(40)}`;
  t.is((await messageFor(t, broken)).match(/^demo\.yaml:/gm)?.length, 10);
});

test('what is no config at all', async (t) => {
  t.is(await messageFor(t, ''), 'demo.yaml:1:1: the config must be a map, but is empty');
  t.regex(
    await messageFor(t, 'RIFF\0\0WAVE'),
    /^demo.yaml is not UTF-8 text, and a recipe is a YAML file\. Name one\.$/,
  );
  t.is(
    await messageFor(t, 'stages: []\n'),
    "demo.yaml:1:9: 'stages' must have at least 1 entry, but has 0\n  1 | stages: []\n    |         ^",
  );
  t.regex(await messageFor(t, '- a\n- b\n'), /^demo.yaml:1:1: the config must be a map, but is a list\n/);
  t.regex(await messageFor(t, 'a: [1,\nb: 2\n'), /^demo.yaml:2:\d+: /);
  t.regex(await messageFor(t, 'seed: 1\nseed: 2\n'), /^demo.yaml:2:1: Map keys must be unique/);
  t.regex(await messageFor(t, 'seed: *x\n'), /^demo.yaml: Unresolved alias/);
  t.is(await messageFor(t, 'seed: 1\n'), "demo.yaml:1:1: 'stages' is missing\n  1 | seed: 1\n    | ^");
  const message = await messageFor(t, 'stages:\n  - count\n  - as: x\n  - {stage: count, as: a b}\nplugins: 3\n');
  t.deepEqual(message.match(/demo.yaml:.*/g), [
    `demo.yaml:2:5: 'stages.0' must be a map, but is "count"`,
    "demo.yaml:3:5: 'stages.1.stage' is missing",
    `demo.yaml:4:24: 'stages.2.as' must be made of letters, digits, _ and -, but is "a b"`,
    "demo.yaml:5:10: 'plugins' must be a list, but is 3",
  ]);
});

test('a missing file names its neighbour, a folder is no file', async (t) => {
  const folder = temporaryFolder(t, { 'demo.yaml': good });
  const registry = createRegistry([]);
  const missing = join(folder, 'dmeo.yaml');
  await t.throwsAsync(loadConfig({ file: missing, registry }), {
    instanceOf: UserError,
    message: `${missing}: there is no such config file; did you mean '${join(folder, 'demo.yaml')}'?`,
  });
  await t.throwsAsync(loadConfig({ file: folder, registry }), { instanceOf: UserError, message: /is a folder/ });
});

test('--set reaches top keys, stages by artifact name and by index, and options of a chosen plugin', async (t) => {
  const settings = ['seed=2', 'one.to=9', 'stages.1.to=8', 'two.scale.factor=0.5', 'add.noise.level=1', 'name=other'];
  const config = await load(t, good, settings);
  t.like(config, { seed: 2, name: 'other' });
  t.like(config.stages[0].options, { to: 9 });
  t.like(config.stages[1].options, { to: 8, scale: { factor: 0.5 } });
  t.like(config.stages[2].options, { noise: { options: { level: 1 } } });
  // Neither a name alone nor no choice at all is in the way of an option.
  for (const written of ['noise: hiss, ', '']) {
    const short = `stages:\n  - {stage: add, ${written}counts: []}\n`;
    t.like((await load(t, short, ['add.noise.level=2'])).stages[0].options, { noise: { options: { level: 2 } } });
  }
});

test('--set on one use of an anchor leaves the others alone', async (t) => {
  const yaml = 'stages:\n  - {stage: count, as: a, scale: &s {factor: 2}}\n  - {stage: count, as: b, scale: *s}\n';
  const config = await load(t, yaml, ['a.scale.factor=3']);
  t.like(config.stages[0].options, { scale: { factor: 3 } });
  t.like(config.stages[1].options, { scale: { factor: 2 } });
});

test('merge keys share options between stages', async (t) => {
  const yaml = 'stages:\n  - &c {stage: count, as: a, to: 5}\n  - {<<: *c, as: b}\n';
  const config = await load(t, yaml);
  t.like(config.stages[1], { stage: 'count', as: 'b', options: { to: 5 } });
});

test('faults of --set say so, after those of the file', async (t) => {
  const message = await messageFor(t, good.replace('seed: 7', 'sed: 7'), [
    'one.to=many',
    'one.too=1',
    'add.noise.levle=1',
  ]);
  t.is(
    message,
    `demo.yaml:2:1: unknown key 'sed' in the config; did you mean 'seed'?
  2 | sed: 7
    | ^
--set one.to=many: 'to' of stage 'count' must be a number, but is "many"
--set one.too=1: unknown key 'too' in stage 'count'; did you mean 'to'?
--set add.noise.levle=1: unknown key 'levle' in 'noise' of stage 'add'; did you mean 'level'?`,
  );
});

test('a setting that leads nowhere', async (t) => {
  const messages = ['sed=1', 'oen.to=1', 'one=1', 'stages.7.to=1', 'seed', '=1', 'one..to=1', 'seed=[1'];
  const expected = [
    "--set sed=1: 'sed' is neither a key of the config nor the name of a stage; did you mean 'seed'?",
    "--set oen.to=1: 'oen' is neither a key of the config nor the name of a stage; did you mean 'one'?",
    "--set one=1: 'one' is a stage; name one of its options: one.key=value",
    "--set stages.7.to=1: 'stages' has no entry '7'; its entries are 0 to 2",
    '--set seed: write it as key=value, such as --set seed=2 or --set pretrain.steps=100',
    '--set =1: write it as key=value, such as --set seed=2 or --set pretrain.steps=100',
    '--set one..to=1: write it as key=value, such as --set seed=2 or --set pretrain.steps=100',
    '--set seed=[1: the value is not YAML: Flow sequence must end with a ]',
  ];
  for (const [index, setting] of messages.entries()) t.is(await messageFor(t, good, [setting]), expected[index]);
});

test('a number of threads that no machine has is refused where the recipe is read', async (t) => {
  const threads = (count: number) => load(t, `threads: ${count}\n${good}`);
  t.is((await threads(1024)).threads, 1024);
  await t.throwsAsync(threads(100_000), { instanceOf: UserError, message: /'threads' must be at most 1024/ });
});
