import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { Interrupted } from '../../../src/pipeline/run/interrupt.js';
import { runPipeline } from '../../../src/pipeline/run/run.js';
import { planRun } from '../../../src/pipeline/run/run-plan.js';
import { temporaryFolder } from '../temporary-folder.js';
import { fakePlugins } from './fake-plugins.js';

interface Attempt {
  settings?: string[];
  forced?: string[];
  /** Aborts when a stage reports this step. */
  stopAt?: number;
  /** Milliseconds that pass with every reading of the clock. */
  tickMs?: number;
}

/** A run directory with a config, and what is needed to run it again and again. */
export function setUpRun(t: ExecutionContext, yaml: string) {
  const folder = temporaryFolder(t, { 'demo.yaml': yaml, 'mine.ts': fakePlugins });
  const dir = join(folder, 'run');
  const config = async (settings?: string[]) => {
    const registry = createRegistry([]);
    return { registry, config: await loadConfig({ file: join(folder, 'demo.yaml'), settings, registry }) };
  };
  const run = async ({ settings, forced, stopAt, tickMs = 0 }: Attempt = {}) => {
    const abort = new AbortController();
    const said: string[] = [];
    let clock = 0;
    const finished = await runPipeline({
      ...(await config(settings)),
      dir,
      forced,
      environment: { made: 'by a test' },
      signal: abort.signal,
      log: (line) => said.push(line),
      now: () => (clock += tickMs),
      progress: () => ({
        update: ({ step }) => step === stopAt && abort.abort(new Interrupted()),
        line: (text) => said.push(text),
        done: () => {},
      }),
    });
    // Without folders, which differ from run to run.
    return { finished: Object.fromEntries(finished.map(({ dir: _, ...stage }) => [stage.as, stage])), said };
  };
  const plan = async (settings?: string[], forced?: string[]) => {
    const parts = await config(settings);
    return planRun(parts.config, dir, parts.registry, forced).map(({ as, state }) => `${as} ${state}`);
  };
  const read = (name: string) => readFileSync(join(dir, name), 'utf8');
  const events = () =>
    read('journal.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const has = (name: string) => existsSync(join(dir, name));
  return { folder, dir, run, plan, read, events, has };
}
