import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { readEventValues } from '../helpers/oracles/event-file.js';
import { runRecipe, steadyResults } from '../helpers/recipes/run-recipe.js';
import { tinyRecipe } from '../helpers/recipes/tiny-recipe.js';

const root = mkdtempSync(join(tmpdir(), 'voxloop-recipe-'));
const config = join(root, 'tiny.yaml');

test.before(() => {
  writeTinyCorpus(join(root, 'corpus'));
  writeFileSync(config, tinyRecipe(join(root, 'corpus')));
});
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** Sends the signal once the stage named `during` has logged three steps. */
const stop = (out: string, during: string, signal: NodeJS.Signals) => async (child: ChildProcess) => {
  const checkpoint = join(out, 'stages', during, 'checkpoint.safetensors');
  while (!existsSync(checkpoint) && child.exitCode === null) await sleep(5);
  await sleep(40);
  child.kill(signal);
};

/** What TensorBoard is told of a part of a run, without the times. */
const eventsOf = (out: string, folder: string) =>
  readEventValues(join(out, 'tensorboard', folder)).map(({ seconds: _, ...value }) => value);

test.serial('the whole loop runs; a killed run resumes to the same results', async (t) => {
  t.timeout(240_000);
  const whole = join(root, 'whole');
  const first = await runRecipe(config, whole);
  t.is(first.code, 0, first.stderr);
  t.regex(first.stdout + first.stderr, /round 1/);
  t.true(existsSync(join(whole, 'report.html')));
  const expected = steadyResults(whole) as { systems: { name: string; lists: Record<string, { eer: number }> }[] };
  t.deepEqual(
    expected.systems.map(({ name }) => name),
    ['DINO', 'round 1'],
  );
  for (const { lists } of expected.systems) t.true(lists.clean.eer >= 0 && lists.clean.eer <= 0.6);

  const killed = join(root, 'killed');
  t.is((await runRecipe(config, killed, stop(killed, 'dino', 'SIGKILL'))).signal, 'SIGKILL');
  t.is((await runRecipe(config, killed, stop(killed, 'round1', 'SIGINT'))).code, 130);
  const resumed = await runRecipe(config, killed);
  t.is(resumed.code, 0, resumed.stderr);
  t.deepEqual(steadyResults(killed), expected);
  for (const folder of ['dino', 'round1', 'round1/gate', 'vectors']) {
    t.deepEqual(eventsOf(killed, folder), eventsOf(whole, folder), folder);
    t.true(eventsOf(whole, folder).length > 0, folder);
  }

  const again = await runRecipe(config, whole);
  t.is(again.code, 0);
  t.deepEqual(steadyResults(whole), expected);
});
