/**
 * voxloop's side of update-vs-torch.ts: runs a recipe up to a stage, and prints for its updates, as JSON, the milliseconds between one and the
 * next, the milliseconds that one waited for data, and the losses.
 *
 *   node time-updates.js RECIPE OUT STAGE [key=value ...]
 */
import { builtIns } from '../../../src/builtins.js';
import { loadConfig } from '../../../src/pipeline/config/config.js';
import { createRegistry } from '../../../src/pipeline/registry/registry.js';
import { runPipeline } from '../../../src/pipeline/run/run.js';
import type { Progress } from '../../../src/plugin/stage.js';

const [recipe, out, stage, ...settings] = process.argv.slice(2);
const registry = createRegistry(builtIns);
const config = await loadConfig({ file: recipe, settings, registry });
const [ends, losses]: [number[], number[]] = [[], []];
let waitedMs = 0;

/** Notes when each update ends, and what the stage says of waiting. */
const watching = (title: string): Progress => ({
  update({ fields }) {
    if (!title.includes(stage) || typeof fields?.loss !== 'number') return;
    ends.push(performance.now());
    losses.push(fields.loss);
  },
  line(text) {
    const waited = /waited ([\d.]+) ms a step/.exec(text)?.[1];
    if (title.includes(stage) && waited) waitedMs = Number(waited);
  },
  done() {},
});

await runPipeline({
  config,
  registry,
  dir: out,
  forced: config.stages.some(({ as }) => as === stage) ? [stage] : [],
  until: stage,
  environment: {},
  signal: new AbortController().signal,
  progress: watching,
  log: () => {},
});
console.log(JSON.stringify({ ms: ends.slice(1).map((end, i) => end - ends[i]), waitedMs, losses }));
