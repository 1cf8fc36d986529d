import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { z } from 'zod';
import { builtIns } from '../../src/builtins.js';
import { loadConfig } from '../../src/pipeline/config.js';
import { createRegistry } from '../../src/pipeline/registry.js';

const folder = (name: string) => fileURLToPath(new URL(`../../../configs/${name}`, import.meta.url));
const recipesIn = (name: string) =>
  readdirSync(folder(name))
    .filter((file) => /^[a-z].*\.yaml$/.test(file))
    .map((file) => join(folder(name), file));

const pretraining = z.object({
  method: z.object({ name: z.string(), options: z.unknown() }),
  ...{ globalSeconds: z.number(), localSeconds: z.number(), batchSize: z.number() },
  ...{ steps: z.number().optional(), accumulate: z.number(), reference: z.string().nullish() },
});

async function load(file: string) {
  const registry = createRegistry(builtIns);
  const { stages } = await loadConfig({ file, registry });
  const trained = stages.filter(({ stage, as }) => stage === 'pretrain' && as !== 'untrained');
  return Promise.all(
    trained.map(async ({ options }) => {
      const given = pretraining.parse(options);
      const plugin = await registry.load('ssl', given.method.name);
      const faults = plugin.check?.(given.method.options, { batch: given.batchSize / given.accumulate }) ?? [];
      return { ...given, faults, views: plugin.views(given.method.options) };
    }),
  );
}

const methods = builtIns.filter(({ kind }) => kind === 'ssl').map(({ name }) => name);

test('there is a small and a full recipe for every method', (t) => {
  const named = (name: string) => recipesIn(name).map((file) => basename(file, '.yaml'));
  for (const folder of ['small', 'voxceleb']) {
    const missing = methods.filter((method) => !named(folder).includes(method));
    t.deepEqual(missing, [], folder);
  }
});

test('the small recipes resolve, suit their methods, name their references, and process the same number of frames', async (t) => {
  for (const file of recipesIn('small')) {
    const [{ method, reference, faults, views, batchSize, steps, globalSeconds, localSeconds }, ...more] =
      await load(file);
    t.is(more.length, 0);
    t.deepEqual(faults, [], file);
    const recipe = basename(file, '.yaml');
    if (methods.includes(recipe)) t.deepEqual([method.name, reference], [recipe, recipe]);
    const seconds = views.global * globalSeconds + views.local * localSeconds;
    t.is(batchSize * steps! * seconds, 40_320, file);
  }
});

test('the full recipes resolve and suit their methods', async (t) => {
  for (const file of [...recipesIn('voxceleb'), ...recipesIn('cnceleb')])
    for (const { faults } of await load(file)) t.deepEqual(faults, [], file);
});
