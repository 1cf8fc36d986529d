import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../../src/errors.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { fakePlugins } from '../../helpers/recipes/fake-plugins.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

type Files = Record<string, string>;

function loadIn(folder: string, settings: string[] = []) {
  const plugins = [join(folder, 'mine.ts')];
  return loadConfig({ file: join(folder, 'top.yaml'), settings, plugins, registry: createRegistry([]) });
}

const load = (t: ExecutionContext, files: Files, settings: string[] = []) =>
  loadIn(temporaryFolder(t, { ...files, 'mine.ts': fakePlugins }), settings);

async function messageFor(t: ExecutionContext, files: Files, settings: string[] = []): Promise<string> {
  const folder = temporaryFolder(t, { ...files, 'mine.ts': fakePlugins });
  const error = await t.throwsAsync(loadIn(folder, settings), { instanceOf: UserError });
  return error.message.replaceAll(`${folder}/`, '');
}

const base = `seed: 7
threads: 1
stages:
  - stage: count
    as: one
    to: 4
    scale: {factor: 2}
  - {stage: count, as: two}
  - stage: add
    counts: [one, two]
    noise: {name: hiss, level: 0.25, colour: pink}
`;

test('keys go over those of the file below; stages join by name, maps deeply, lists are replaced, new stages come last', async (t) => {
  const top = `extends: ./base.yaml
seed: 9
stages:
  - {as: add, counts: [two], noise: {level: 0.5}}
  - {stage: count, as: three}
  - {as: one, pauseMs: 1}
`;
  const config = await load(t, { 'base.yaml': base, 'top.yaml': top });
  t.like(config, { name: 'top', seed: 9, threads: 1 });
  t.deepEqual(
    config.stages.map(({ as }) => as),
    ['one', 'two', 'add', 'three'],
  );
  t.like(config.stages[0].options, { to: 4, pauseMs: 1, scale: { factor: 2 } });
  t.deepEqual(config.stages[2].options, {
    counts: ['two'],
    noise: { kind: 'augmentation', name: 'hiss', options: { level: 0.5, colour: 'pink' } },
  });
});

test('a chain of files, in other folders; --set goes over all of them', async (t) => {
  const files = {
    'low/deep/bottom.yaml': base,
    'low/middle.yaml': 'extends: deep/bottom.yaml\nseed: 8\nstages: [{as: one, to: 5}]\n',
    'top.yaml': 'extends: low/middle.yaml\nstages: [{as: one, scale: {factor: 3}}]\n',
  };
  const config = await load(t, files, ['one.pauseMs=2']);
  t.is(config.seed, 8);
  t.like(config.stages[0].options, { to: 5, pauseMs: 2, scale: { factor: 3 } });
});

test('plugins are named relative to the file that names them', async (t) => {
  const files = {
    'low/base.yaml': `plugins: [./own.ts]\n${base}`,
    'low/own.ts': fakePlugins.replaceAll("'count'", "'tally'"),
    'top.yaml': 'extends: low/base.yaml\n',
  };
  const folder = temporaryFolder(t, files);
  const registry = createRegistry([]);
  // The base's stages are not this plugin's: that they are unknown shows that it was loaded.
  const error = await t.throwsAsync(loadConfig({ file: join(folder, 'top.yaml'), registry }), {
    instanceOf: UserError,
  });
  t.regex(error.message, /low\/base\.yaml:5:12: there is no stage 'count'; known: tally/);
});

test('a map that names another plugin has none of the other options; a name gets options', async (t) => {
  const named = 'stages:\n  - {stage: count, as: a}\n  - {stage: add, counts: [a], noise: hiss}\n';
  const { stages } = await load(t, {
    'base.yaml': named,
    'top.yaml': 'extends: base.yaml\nstages: [{as: add, noise: {level: 0.75}}]\n',
  });
  t.like(stages[1].options, { noise: { name: 'hiss', options: { level: 0.75 } } });
  const message = await messageFor(t, {
    'base.yaml': base,
    'top.yaml': 'extends: base.yaml\nstages: [{as: add, noise: {name: his, level: 3}}]\n',
  });
  t.regex(message, /^top\.yaml:2:34: 'noise\.name'.* no plugin.*did you mean 'hiss'/);
  t.notRegex(message, /base\.yaml/);
});

test('faults are reported where they stand: in the file that has the say', async (t) => {
  const message = await messageFor(t, {
    'base.yaml': base.replace('to: 4', 'to: four').replace('threads: 1', 'threads: 1\ndevise: cpu'),
    'top.yaml': `extends: base.yaml
seed: fast
stages:
  - {as: two, too: 1}
  - as: add
    counts: [one, oen]
    noise: {levle: 1, colour: pnik}
  - {as: tow, to: 3}
`,
  });
  t.deepEqual(message.match(/(top|base)\.yaml:.*/g), [
    `top.yaml:2:7: 'seed' must be a number, but is "fast"`,
    "top.yaml:4:15: unknown key 'too' in stage 'count'; did you mean 'to'?",
    "top.yaml:6:19: 'counts.1' of stage 'add' names 'oen', but no earlier stage makes it; did you mean 'one'?",
    "top.yaml:7:13: unknown key 'levle' in 'noise' of stage 'add'; did you mean 'level'?",
    `top.yaml:7:31: 'noise.colour' of stage 'add' must be "white" or "pink", but is "pnik"; did you mean 'pink'?`,
    "top.yaml:8:5: 'stages.3.stage' is missing",
    "base.yaml:3:1: unknown key 'devise' in the config; did you mean 'device'?",
    `base.yaml:7:9: 'to' of stage 'count' must be a number, but is "four"`,
  ]);
});

test('two stages of a name in one file are a fault still', async (t) => {
  const top = 'extends: base.yaml\nstages:\n  - {as: one, to: 5}\n  - {stage: count, as: one, to: 6}\n';
  const message = await messageFor(t, { 'base.yaml': base, 'top.yaml': top });
  t.regex(message, /^top\.yaml:4:24: two stages make 'one'/);
});

test('a missing file, a circle, what is no name', async (t) => {
  const only = (text: string) => messageFor(t, { 'base.yaml': base, 'top.yaml': text });
  t.is(
    await only('seed: 1\nextends: bsae.yaml\n'),
    `top.yaml:2:10: 'extends' names bsae.yaml, but there is no such file; did you mean 'base.yaml'?
  2 | extends: bsae.yaml
    |          ^`,
  );
  t.regex(await only('extends: top.yaml\n'), /^top\.yaml:1:10: 'extends' leads in a circle: top\.yaml -> top\.yaml\n/);
  const circle = await messageFor(t, { 'a.yaml': 'seed: 1\nextends: top.yaml\n', 'top.yaml': 'extends: a.yaml\n' });
  t.regex(circle, /^a\.yaml:2:10: 'extends' leads in a circle: top\.yaml -> a\.yaml -> top\.yaml\n/);
  t.regex(await only('extends: [base.yaml]\n'), /^top\.yaml:1:10: 'extends' must be the name of a file\n/);
  t.regex(await messageFor(t, { 'base.yaml': 'a: [1,\nb: 2\n', 'top.yaml': 'extends: base.yaml\n' }), /^base\.yaml:2:/);
});
