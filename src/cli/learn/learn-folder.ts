import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { builtIns } from '../../builtins.js';
import { UserError } from '../../errors.js';
import { eventsBeside } from '../../follow/tensorboard/tensorboard.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { makeFolder } from '../../io/folder.js';
import { loadConfig, memoryBytesOf, type ResolvedConfig } from '../../pipeline/config/config.js';
import { resolvedYaml } from '../../pipeline/config/resolved-yaml.js';
import { deviceMemory, predictPeak } from '../../pipeline/memory/predict-peak.js';
import { sketchStages } from '../../pipeline/memory/sketches.js';
import { createRegistry, type OpenRegistry } from '../../pipeline/registry/registry.js';
import { describeRun } from '../../pipeline/run/environment.js';
import { createProgress } from '../../pipeline/run/progress.js';
import { runPipeline } from '../../pipeline/run/run.js';
import type { FinishedStage } from '../../pipeline/run/run-stage.js';
import { readResult } from '../../plugin/read-result.js';
import type { Progress } from '../../plugin/stage.js';
import { formatSeconds } from '../../report/format.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { openTraining } from '../../stages/artifacts/corpus-data.js';
import { clustersResult } from '../../stages/artifacts/pseudo-labels.js';
import { describeStart, lookAhead, recordingsToLearn, tooFew } from './dry-run.js';
import { batchFor, clustersFor, gateEpochs, LEAST_RECORDINGS, type Material, trainingFor, widthFor } from './sizes.js';
import { stepTimer, TRIAL_STEPS } from './step-time.js';
import { withWhole } from './whole-progress.js';

const TEMPLATE = fileURLToPath(new URL('../../../../configs/learn.yaml', import.meta.url));

export interface LearnRequest {
  folder: string;
  out: string;
  /** Time for training. */
  hours: number;
  device: ResolvedConfig['device'];
  /** Begins anew where `out` holds what other recordings led to. */
  force?: boolean;
  /** The recipe that is sized; default: configs/learn.yaml. */
  template?: string;
  signal: AbortSignal;
  say(line: string): void;
}

/** Numbers of clusters that are tried, each the same factor above the last. */
const CANDIDATES = 14;

/** What was decided before training, kept so that a stopped run goes on with it. */
const decided = z.object({
  recordings: z.string(),
  hours: z.number().optional(),
  settings: z.array(z.string()).optional(),
  expectedSeconds: z.number().optional(),
});
type Decided = z.output<typeof decided>;

/** The parts that every step of learning shares. */
interface Learning extends LearnRequest {
  registry: OpenRegistry;
  load(settings?: readonly string[]): Promise<ResolvedConfig>;
}

/**
 * Learns the voices of a folder of recordings, by the stages of configs/learn.yaml: what is known after filtering sizes the training,
 * and what the clusters show decides whether there are rounds. The same request goes on where it was stopped.
 * @returns the last table, and where everything is
 * @throws UserError when there is too little to learn from, or `out` belongs to other recordings
 */
export async function learnFolder(request: LearnRequest): Promise<{ report: string }> {
  const { folder, out, device, say, template = TEMPLATE } = request;
  const recordings = recordingsToLearn(folder, out);
  const { root, hash } = recordings;
  const registry = createRegistry(builtIns);
  const fixed = [`recordings.path=${JSON.stringify(root)}`, `device=${device}`];
  const load = (settings: readonly string[] = []) =>
    loadConfig({ file: template, settings: fixed.concat(settings), registry });
  const learning: Learning = { ...request, registry, load };
  const outlook = isBegun(out, hash) ? undefined : await lookAhead(folder, recordings);
  const before = openFolder(learning, hash);
  if (outlook) say(describeStart(recordings, outlook, request.hours));
  const [, speech] = await runUntil(learning, await load(), 'speech');
  const material = materialOf(speech, request);
  const sizes = before.settings ? before : await decide(learning, material, hash);
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const shown = (title: string) => withWhole(display(title), sizes.expectedSeconds ?? 0, elapsed);
  const sized = await load(sizes.settings);
  const done = await runUntil(learning, sized, 'clusters', { progress: shown, quiet: true });
  const clustering = clusteringOf(done, learning);
  const last = await load(sizes.settings!.concat(clustering));
  const config = clustering.length > 1 ? withoutRounds(last) : last;
  writeFileAtomic(join(out, 'recipe.yaml'), resolvedYaml(config));
  const finished = await runUntil(learning, config, undefined, { progress: shown, quiet: true });
  return { report: `${tableOf(finished)}\n\n${placesOf(out)}` };
}

const statePath = (out: string): string => join(out, 'learn.json');

function isBegun(out: string, hash: string): boolean {
  return (
    existsSync(statePath(out)) && decided.parse(JSON.parse(readFileSync(statePath(out), 'utf8'))).recordings === hash
  );
}

/** What was decided for this folder before. @throws UserError when other recordings were learnt there */
function openFolder({ out, force, hours }: Learning, hash: string): Decided {
  const path = statePath(out);
  const before = existsSync(path) ? decided.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined;
  if (before && before.recordings !== hash) {
    if (!force) {
      throw new UserError(
        `${out} holds what other recordings led to, or some have changed since. Choose another --out folder, or begin anew with --force.`,
      );
    }
    rmSync(join(out, 'stages'), { recursive: true, force: true });
  } else if (before?.hours === hours) return before;
  makeFolder(out);
  const state = { recordings: hash };
  writeFileAtomic(path, `${JSON.stringify(state)}\n`);
  return state;
}

/** What the filter left. @throws UserError when that is too little */
function materialOf(speech: FinishedStage, { folder, say }: LearnRequest): Material {
  const { samples } = openTraining(speech).train;
  const seconds = samples.reduce((sum, count) => sum + count, 0) / SAMPLE_RATE_HZ;
  const recordings = samples.length;
  if (recordings < LEAST_RECORDINGS)
    throw tooFew(folder, `${recordings} recordings with speech (${join(speech.dir, 'filter.jsonl')} says why)`);
  say(`${recordings} recordings with speech, ${(seconds / 3600).toFixed(2)} hours`);
  return { recordings, seconds };
}

/** Sizes the training, by a short trial of it, and says what will be done. */
async function decide(learning: Learning, material: Material, hash: string): Promise<Decided> {
  const { hours, out, load, say } = learning;
  const width = `ssl.backbone.width=${widthFor(material)}`;
  const batchSize = await batchThatFits(learning, width, batchFor(material));
  const network = [width, `ssl.batchSize=${batchSize}`, `loop.training.batchSize=${batchSize}`];
  say('measuring a step');
  const timer = stepTimer();
  const trial = trialOf(await load(network.concat([`ssl.steps=${TRIAL_STEPS}`])));
  const trialDir = join(out, 'stages', 'trial');
  // What a stopped trial left would go on, with too few steps to measure.
  rmSync(trialDir, { recursive: true, force: true });
  await runUntil(learning, trial, 'trial', {
    progress: (title) => (title === 'trial' ? timer : display(title)),
    quiet: true,
  });
  rmSync(trialDir, { recursive: true, force: true });
  const stepSeconds = timer.stepSeconds();
  const { steps, rounds, epochs, seconds } = trainingFor(material, {
    batchSize,
    stepSeconds,
    budgetSeconds: hours * 3600,
  });
  const { from, to } = clustersFor(material);
  const gate = gateEpochs(epochs);
  const settings = network.concat([
    `ssl.steps=${steps}`,
    `clusters.algorithm.clusters={from: ${from}, to: ${to}, steps: ${CANDIDATES}, by: contrast}`,
    `loop.rounds=${rounds}`,
    `loop.training.epochs=${epochs}`,
    `loop.training.gateFromEpoch=${gate.gateFromEpoch}`,
    `loop.training.correction.fromEpoch=${gate.correctionFromEpoch}`,
  ]);
  say(
    `plan: a TDNN of ${widthFor(material)} channels; ${steps} steps of ${batchSize} utterances without labels (${stepSeconds.toFixed(2)} s each), ` +
      `${from} to ${to} clusters to choose from, then ${rounds} round${rounds === 1 ? '' : 's'} of ${epochs} epochs on them; ` +
      `about ${formatSeconds(seconds)} in all`,
  );
  const state = { recordings: hash, hours, settings, expectedSeconds: seconds };
  writeFileAtomic(statePath(out), `${JSON.stringify(state, null, 2)}\n`);
  return state;
}

/** The stages up to pretraining, under another name. */
function trialOf(config: ResolvedConfig): ResolvedConfig {
  const last = config.stages.findIndex(({ as }) => as === 'ssl');
  const stages = config.stages.slice(0, last + 1);
  return { ...config, stages: stages.with(last, { ...stages[last], as: 'trial' }) };
}

/** The batch, halved until its step fits into memory. */
async function batchThatFits({ load, registry }: Learning, width: string, wanted: number): Promise<number> {
  const config = await load([width]);
  const { device, threads } = config;
  const place = { device, threads };
  const [{ sketch }] = await sketchStages(config, registry, { only: 'ssl' });
  const budget = memoryBytesOf(config) ?? (await deviceMemory(place)).bytes;
  const { backbone, accumulate, optimizer } = sketch;
  for (let batchSize = wanted; batchSize >= 4; batchSize /= 2) {
    const peak = await predictPeak(sketch, { backbone, accumulate, optimizer, batchSize, compute: 'float32' }, place);
    if (peak.peakBytes <= budget) return batchSize;
  }
  throw new UserError('There is too little free memory for a training step of four utterances. End other programs.');
}

/** The settings that follow from the clusters: their number for the rounds, or one cluster, and no rounds. */
function clusteringOf(done: readonly FinishedStage[], { say, hours }: Learning): string[] {
  const { clusters } = readResult(done.find(({ as }) => as === 'clusters')!, clustersResult);
  if (clusters > 1) {
    say(`${clusters} clusters; every voice may have several`);
    return [`loop.algorithm.clusters=${clusters}`];
  }
  say(
    'one voice was found: the recordings fall into clusters no better than one cloud of the same spread would, so there are no rounds, ' +
      `and the model is the one that was trained without labels. If there are several voices, give more recordings or more than --hours ${hours}.`,
  );
  return ['moments.model=ssl', 'report.training=[ssl]', 'report.clusters=clusters'];
}

const withoutRounds = (config: ResolvedConfig): ResolvedConfig => ({
  ...config,
  stages: config.stages.filter(({ as }) => as !== 'loop'),
});

const display = (label: string): Progress => createProgress({ stream: process.stderr, label });

/** Runs the stages of a config up to `until`; `quiet` says nothing of those that are done. */
function runUntil(
  { registry, out, signal, say }: Learning,
  config: ResolvedConfig,
  until?: string,
  { progress = display, quiet = false }: { progress?(title: string): Progress; quiet?: boolean } = {},
): Promise<FinishedStage[]> {
  const log = (line: string) => (quiet && line.endsWith(': done before') ? undefined : say(line));
  return runPipeline({
    config,
    registry,
    dir: resolve(out),
    until,
    signal,
    environment: describeRun(config),
    progress,
    log,
    beside: eventsBeside(resolve(out), say),
  });
}

const reportResult = z.object({ table: z.string() });

const tableOf = (finished: readonly FinishedStage[]): string => readResult(finished.at(-1)!, reportResult).table;

function placesOf(out: string): string {
  const skipped = join(out, 'stages', 'recordings', 'corpus', 'skipped.tsv');
  return [
    `model: ${join(out, 'stages', 'voices', 'model')} (for embed, enroll, diarize: --model)`,
    `report: ${join(out, 'report.html')}`,
    `recipe: ${join(out, 'recipe.yaml')}`,
    existsSync(skipped) ? `left out: ${skipped}` : [],
  ]
    .flat()
    .join('\n');
}
