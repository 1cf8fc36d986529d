import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readRunView } from '../../../src/follow/watch/run-view.js';
import { sectionsOf } from '../../../src/follow/watch/sections.js';
import { serveWatch } from '../../../src/follow/watch/serve.js';
import { tryLock } from '../../../src/io/lock.js';
import { recordedProgress } from '../../../src/pipeline/run/progress-file.js';
import { metricsText, writeRunOnDisk } from '../../helpers/recipes/run-on-disk.js';
import { bin } from '../../helpers/run-cli.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const quiet = { update: () => {}, line: () => {}, done: () => {} };

function runOnDisk(t: ExecutionContext): string {
  const dir = join(temporaryFolder(t), 'run');
  writeRunOnDisk(dir);
  return dir;
}

/** Status, headers and text of a request with a Host header of its own. */
async function ask(url: string, { host, method = 'GET' }: { host?: string; method?: string } = {}) {
  const asked = request(url, { method, headers: host === undefined ? {} : { host } }).end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

test('the page shows curves, gate, rounds and stages, and runs nothing of what a run is called', async (t) => {
  const dir = runOnDisk(t);
  const watching = await serveWatch({ dir, port: 0, log: t.fail });
  t.teardown(() => watching.close());
  t.regex(watching.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  const { status, headers, text } = await ask(watching.url);
  t.is(status, 200);
  t.true(text.includes('<h1>voxloop: &lt;demo&gt;</h1>') && !text.includes('<demo>'));
  for (const part of [
    'dino: loss by step. loss ends at 4.100',
    'teacher ends at 3.000',
    'gate at 1.5',
    '12.5\u00a0%',
    'It is stopped',
    'loop/round-2',
  ])
    t.true(text.includes(part), part);
  const policy = String(headers['content-security-policy']);
  t.true(policy.startsWith("default-src 'none'") && !policy.includes('unsafe'), policy);
  t.false(/(?:src|href)="(?!data:)|url\(|@import/.test(text), 'nothing comes from elsewhere');
});

test('only this machine is answered: another name, method or path is refused', async (t) => {
  const { url, close } = await serveWatch({ dir: runOnDisk(t), port: 0, log: t.fail });
  t.teardown(close);
  const { port } = new URL(url);
  t.is((await ask(url, { host: `attacker.example:${port}` })).status, 403);
  t.is((await ask(url, { host: 'localhost' })).status, 403);
  t.is((await ask(`${url}events`, { host: `attacker.example:${port}` })).status, 403);
  t.is((await ask(url, { host: `localhost:${port}` })).status, 200);
  t.is((await ask(url, { method: 'POST' })).status, 405);
  t.is((await ask(`${url}../config.yaml`)).status, 404);
  await t.throwsAsync(serveWatch({ dir: runOnDisk(t), port: Number(port), log: t.fail }), {
    message: /Port \d+ cannot be used: another program uses it/,
  });
});

test('an open page is told what changes, and no more', async (t) => {
  const dir = runOnDisk(t);
  const { url, close } = await serveWatch({ dir, port: 0, log: t.fail });
  const response = await fetch(`${url}events`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const events: Record<string, string>[] = [];
  let text = '';
  const next = async (holds: (sections: Record<string, string>) => boolean) => {
    for (;;) {
      const found = events.find(holds);
      if (found) return found;
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream ended');
      text += value;
      const parts = text.split('\n\n');
      text = parts.pop()!;
      events.push(...parts.map((part) => JSON.parse(part.replace(/^data: /, ''))));
    }
  };
  t.deepEqual(Object.keys(await next((sections) => 'stages' in sections)).sort(), [
    'gate',
    'progress',
    'rounds',
    'stages',
    'state',
    'training',
  ]);
  appendFileSync(
    join(dir, 'stages/loop/stages/round-2/metrics.jsonl'),
    metricsText(10, 30, () => 1.25),
  );
  const changed = await next(({ training = '' }) => training.includes('loss ends at 1.25'));
  t.deepEqual(Object.keys(changed), ['training']);
  await close();
  t.true((await reader.read().catch(() => ({ done: true }))).done);
});

test('a run is told apart: running with the time left, stopped, failed, finished, not started', (t) => {
  const dir = runOnDisk(t);
  const journal = join(dir, 'journal.jsonl');
  const states = () => Object.fromEntries(readRunView(dir).stages.map(({ name, state }) => [name, state]));
  t.is(readRunView(dir).state, 'stopped');
  t.like(states(), {
    dino: 'done',
    loop: 'stopped',
    'loop/round-2': 'stopped',
    'loop/clusters-1': 'done',
    report: 'to do',
  });

  const release = tryLock(join(dir, 'lock'))!;
  let clock = 0;
  const progress = recordedProgress(quiet, { runDir: dir, stage: 'loop/round-2', now: () => clock });
  progress.update({ step: 100, total: 400, fields: { loss: 2.345678 } });
  clock = 50_000;
  progress.update({ step: 200, total: 400, fields: { loss: 2.345678 } });
  const running = readRunView(dir);
  t.deepEqual([running.state, states()['loop/round-2']], ['running', 'running']);
  const { progress: shown } = sectionsOf(running);
  // 100 steps in 50 s, 200 to go.
  t.true(shown.includes('1 min 40 s') && shown.includes('200 of 400') && shown.includes('2.346'), shown);
  progress.done();
  t.is(readRunView(dir).progress, undefined);
  release();

  appendFileSync(
    journal,
    `${JSON.stringify({ event: 'stage-failed', within: 'loop', as: 'round-2', message: 'no <memory>' })}\n`,
  );
  const failed = readRunView(dir);
  t.deepEqual(
    [failed.state, states().loop, states()['loop/round-2'], states()['loop/clusters-1']],
    ['failed', 'failed', 'failed', 'done'],
  );
  t.true(sectionsOf(failed).state.includes('no &lt;memory&gt;'));

  for (const name of ['loop', 'report']) writeRecord(dir, name);
  t.is(readRunView(dir).state, 'finished');
  rmSync(journal);
  rmSync(join(dir, 'stages'), { recursive: true });
  t.is(readRunView(dir).state, 'not started');
});

function writeRecord(dir: string, name: string): void {
  const folder = join(dir, 'stages', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'stage.json'),
    JSON.stringify({ key: name, stage: name, options: {}, result: {}, seconds: 1 }),
  );
}

test('the command serves until Ctrl-C, and refuses what is no run with exit code 2', async (t) => {
  const dir = runOnDisk(t);
  const error = await t.throwsAsync(serveWatch({ dir: join(dir, 'stages'), port: 0, log: t.fail }));
  t.like(error, { exitCode: 2 });
  t.regex(error!.message, /is not the folder of a run: it has no config.yaml/);
  const child = spawn(process.execPath, [bin, 'watch', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  const url = /is shown at (\S+)\n$/.exec(String(line))![1];
  // An open page must not keep it from ending.
  const open = await fetch(`${url}events`);
  t.is(open.status, 200);
  child.kill('SIGINT');
  t.deepEqual(await once(child, 'close'), [0, null]);
});
