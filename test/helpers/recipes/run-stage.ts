import { mkdirSync } from 'node:fs';
import { builtIns } from '../../../src/builtins.js';
import { createRegistry, type OpenRegistry } from '../../../src/pipeline/registry/registry.js';
import type { Json } from '../../../src/plugin/json.js';
import { withOptionScope } from '../../../src/plugin/option-scope.js';
import type { Artifact, StageContext } from '../../../src/plugin/stage.js';

/** A registry of the built-in plugins. */
export const newRegistry = (): OpenRegistry => createRegistry(builtIns);

/** One attempt at a stage. */
export interface Attempt {
  registry: OpenRegistry;
  stage: string;
  /** The stage's folder. */
  dir: string;
  /** As a config gives them. */
  options: Record<string, unknown>;
  artifacts: Record<string, Artifact>;
  /** Goes on from an unfinished attempt. */
  resume?: boolean;
  /** Ctrl-C when this many steps are done. */
  stopAt?: number;
  seed?: number;
  /** Of those that share the training; for the check alone. */
  workers?: { count: number };
  log?(line: string): void;
}

/** Runs a stage as the pipeline would, on the CPU. Rejects with "stopped" when it is stopped. */
export async function runStage(attempt: Attempt): Promise<Artifact> {
  const { registry, stage, dir, artifacts, resume = false, stopAt, seed = 1, log = () => {} } = attempt;
  const { plugin, options } = await parsed(attempt);
  mkdirSync(dir, { recursive: true });
  const stop = new AbortController();
  const update = ({ step }: { step: number }) => {
    if (step === stopAt) stop.abort(new Error('stopped'));
  };
  const context: StageContext = {
    seed,
    device: 'cpu',
    threads: 0,
    registry,
    log,
    dir,
    runDir: dir,
    runName: 'test',
    environment: null,
    resume,
    signal: stop.signal,
    artifact: (name) => artifacts[name],
    inner: () => Promise.reject(new Error('inner stages need a whole run')),
    progress: { update, line: () => {}, done: () => {} },
  };
  const result = await plugin.run(context, options);
  return { dir, stage, result, seconds: 0 };
}

/** The faults that a stage's check finds before the run. */
export async function checkStage(attempt: Omit<Attempt, 'dir'>): Promise<string[]> {
  const { plugin, options } = await parsed(attempt);
  const { registry, seed = 1, workers, log = () => {} } = attempt;
  return (await plugin.check?.({ seed, device: 'cpu', threads: 0, registry, workers, log }, options)) ?? [];
}

async function parsed({ registry, stage, artifacts, options }: Omit<Attempt, 'dir'>) {
  const plugin = await registry.load('stage', stage);
  // The kinds of artifacts are the pipeline's business; here every name fits.
  const earlier = new Map(Object.keys(artifacts).map((name) => [name, kindOf(name)]));
  const scope = { registry, earlier, later: new Set<string>(), references: new Set<string>(), uses: new Map() };
  return { plugin, options: await withOptionScope(scope, () => plugin.options.parseAsync(options)) };
}

/** Artifacts of a test are named after their kind, with whatever behind a dash. */
const kindOf = (name: string): string => name.split('-')[0];

/** An artifact that no stage made. */
export const artifactAt = (dir: string, stage: string, result: Json = {}): Artifact => ({
  dir,
  stage,
  result,
  seconds: 0,
});
