import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createRng } from '../../../src/random.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { runRecipe, steadyJson, steadyResults } from '../../helpers/recipes/run-recipe.js';
import { tinyLoop } from '../../helpers/recipes/tiny-loop.js';

const KILLS = 10;
const root = mkdtempSync(join(tmpdir(), 'voxloop-loop-'));
const config = join(root, 'tiny.yaml');

test.before(() => {
  writeTinyCorpus(join(root, 'corpus'));
  writeFileSync(config, tinyLoop(join(root, 'corpus')));
});
test.after.always(() => rmSync(root, { recursive: true, force: true }));

/** Events of the run's journal so far. */
function journal(out: string): { event: string; as?: string }[] {
  const file = join(out, 'journal.jsonl');
  if (!existsSync(file)) return [];
  // The process may be in the middle of a line.
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

const stagesDone = (out: string) => journal(out).filter(({ event }) => event === 'stage-done').length;

test.serial('a loop that is killed at ten random moments ends as one that was left alone', async (t) => {
  t.timeout(280_000);
  const whole = join(root, 'whole');
  const first = await runRecipe(config, whole);
  t.is(first.code, 0, first.stderr);
  const stages = stagesDone(whole);

  const killed = join(root, 'killed');
  const rng = createRng('kills');
  // Spread over the whole run: each kill comes at a random moment after so many stages are done.
  const places = Array.from({ length: KILLS }, () => rng.int(stages)).sort((a, b) => a - b);
  let hits = 0;
  for (const place of places) {
    const { signal } = await runRecipe(config, killed, async (child) => {
      const begun = () => journal(killed).some(({ event }) => event === 'run-start');
      while ((!begun() || stagesDone(killed) < place) && child.exitCode === null) await sleep(5);
      await sleep(rng.uniform(0, 400));
      child.kill('SIGKILL');
    });
    if (signal === 'SIGKILL') hits++;
  }
  t.true(hits >= KILLS - 1, `${hits} kills hit a running process`);
  const resumed = await runRecipe(config, killed);
  t.is(resumed.code, 0, resumed.stderr);
  t.deepEqual(steadyResults(killed), steadyResults(whole));
  t.deepEqual(
    steadyJson(join(killed, 'stages', 'loop', 'stage.json')),
    steadyJson(join(whole, 'stages', 'loop', 'stage.json')),
  );
  const model = (out: string) => readFileSync(join(out, 'stages', 'loop', 'models', 'network', 'model.safetensors'));
  t.true(model(killed).equals(model(whole)), 'the same weights, bit by bit');
});

test.serial('the loop says what each round was judged by, and its report shows it', (t) => {
  const { loops } = steadyResults(join(root, 'whole')) as {
    loops: { selected: number; rounds: Record<string, number>[] }[];
  };
  const [{ rounds, selected }] = loops;
  t.is(rounds.length, 2);
  for (const { kept, agreement, cropEer, corrected } of rounds) {
    for (const share of [kept, agreement, cropEer, corrected]) t.true(share >= 0 && share <= 1);
  }
  t.true(selected === 1 || selected === 2);
  const html = readFileSync(join(root, 'whole', 'report.html'), 'utf8');
  t.regex(html, /Pseudo-label rounds/);
  t.regex(html, /loop, round 2/);
});

test.serial('held-out utterances have no label in any round', (t) => {
  const labels = (round: number) =>
    readFileSync(join(root, 'whole', 'stages', 'loop', 'stages', `clusters-${round}`, 'labels.npy'));
  const missing = [1, 2, 3].map((round) => {
    const values = new Int32Array(new Uint8Array(labels(round).subarray(-4 * 36)).buffer);
    return [...values.keys()].filter((i) => values[i] < 0).join();
  });
  t.is(missing[0].split(',').length, 4, 'a tenth of 36');
  t.is(new Set(missing).size, 1);
});
