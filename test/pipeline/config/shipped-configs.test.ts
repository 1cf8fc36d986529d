import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { z } from 'zod';
import { builtIns } from '../../../src/builtins.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { checkStages } from '../../../src/pipeline/run/run.js';
import { planRun } from '../../../src/pipeline/run/run-plan.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const folder = (name: string) => fileURLToPath(new URL(`../../../../configs/${name}`, import.meta.url));
const recipesIn = (name: string) =>
  readdirSync(folder(name))
    .filter((file) => /^[a-z].*\.yaml$/.test(file))
    .map((file) => join(folder(name), file));

const pretraining = z.object({
  method: z.object({ name: z.string(), options: z.unknown() }),
  globalSeconds: z.number(),
  localSeconds: z.number().optional(),
  batchSize: z.number(),
  steps: z.number().optional(),
  accumulate: z.number(),
  reference: z.string().nullish(),
});

async function load(file: string) {
  const registry = createRegistry(builtIns);
  const { stages } = await loadConfig({ file, registry });
  const trained = stages.filter(({ stage, as }) => stage === 'pretrain' && as !== 'untrained');
  return Promise.all(
    trained.map(async ({ options }) => {
      const settings = pretraining.parse(options);
      const { method, batchSize, accumulate } = settings;
      const plugin = await registry.load('ssl', method.name);
      const faults = plugin.check?.(method.options, { batch: batchSize / accumulate }) ?? [];
      return { ...settings, faults, views: plugin.views(method.options) };
    }),
  );
}

const methods = builtIns.filter(({ kind }) => kind === 'ssl').map(({ name }) => name);

/** Small recipes that show no self-supervised method. */
const supervised = ['distill', 'adapt', 'phonetic', 'probe', 'ivector', 'extract-target'];

/** The methods with a published recipe on VoxCeleb, and those whose curves are in configs/reference. */
const published = ['barlow-twins', 'byol', 'dino', 'moco', 'rdino', 'sdpn', 'simclr', 'simsiam', 'swav', 'vicreg'];
const referenced = readdirSync(folder('reference')).map((file) => basename(file, '.json'));

test('there is a small recipe for every method, and a full one for every method that has one published', (t) => {
  const missing = (name: string, wanted: readonly string[]) => {
    const recipes = recipesIn(name).map((file) => basename(file, '.yaml'));
    return wanted.filter((method) => !recipes.includes(method));
  };
  t.deepEqual(missing('small', methods), []);
  t.deepEqual(missing('voxceleb', published), []);
});

test('every published method has reference curves', (t) => {
  t.deepEqual(
    published.filter((method) => !referenced.includes(method)),
    [],
  );
});

test('the small recipes resolve, suit their methods, name their references, and process the same number of frames', async (t) => {
  for (const file of recipesIn('small').filter((recipe) => !supervised.includes(basename(recipe, '.yaml')))) {
    const [{ method, reference, faults, views, batchSize, steps, globalSeconds, localSeconds = 0 }, ...more] =
      await load(file);
    t.is(more.length, 0);
    t.deepEqual(faults, [], file);
    const recipe = basename(file, '.yaml');
    if (methods.includes(recipe)) t.is(method.name, recipe);
    if (referenced.includes(recipe)) t.is(reference, recipe, file);
    t.is(localSeconds > 0, views.local > 0, file);
    const seconds = views.global * globalSeconds + views.local * localSeconds;
    t.is(batchSize * steps! * seconds, 40_320, file);
  }
});

test('the full recipes resolve and suit their methods', async (t) => {
  for (const file of [...recipesIn('voxceleb'), ...recipesIn('cnceleb')])
    for (const { faults } of await load(file)) t.deepEqual(faults, [], file);
});

const official = [
  ...recipesIn('voxceleb'),
  ...recipesIn('cnceleb'),
  ...['self-supervised', 'supervised'].map((name) => join(folder('../bench/quality'), `official-${name}.yaml`)),
];

test('the full recipes pass a dry run where the data are, train on MUSAN and rooms, and end in a report of scored lists', async (t) => {
  const data = temporaryFolder(t);
  mkdirSync(join(data, 'noise'));
  for (const file of official) {
    const registry = createRegistry(builtIns);
    const { stages } = await loadConfig({ file, registry });
    const settings = stages.flatMap(({ stage, as, options }) => {
      const folders = ['path', 'testPath', 'secondPath'].filter((option) => option in (options as object));
      if (stage === 'corpus') return folders.map((option) => `${as}.${option}=${data}`);
      return stage === 'noises' ? [`${as}.musan=${data}`, `${as}.rooms=${data}`] : [];
    });
    const config = await loadConfig({ file, settings, registry });
    const plan = planRun(config, join(data, 'run'), registry);
    await t.notThrowsAsync(checkStages(plan, { config, registry, log: () => {} }), file);
    const text = JSON.stringify(config.stages.map(({ options }) => options));
    t.true(text.includes('"noise-reverb"') && !text.includes('"random-channel"'), file);
    const { evaluations, systems } = reportOf(config.stages);
    t.deepEqual(systems, evaluations, file);
  }
});

/** What is evaluated, and what the last report shows. */
function reportOf(stages: readonly { stage: string; as: string; options: unknown }[]) {
  const report = stages.at(-1)!;
  const systems = z.object({ systems: z.array(z.object({ evaluation: z.string() })) }).parse(report.options).systems;
  return {
    evaluations: stages.flatMap(({ stage, as }) => (stage === 'evaluate' ? [as] : [])),
    systems: systems.map(({ evaluation }) => evaluation),
  };
}
