/**
 * Students of a large network on a recipe's corpus, several seeds: alone, by embeddings, with the frame or segment level, by concatenated
 * embeddings, of the small architectures, in 8 to 1 bits after training and trained so; asymmetric verification; and what each model costs. The
 * stages are those of small-models.yaml. A run that was stopped goes on where it was.
 *
 *   node dist/bench/quality/small-models.js [--recipe configs/real-speech.yaml] [--out runs/small-models] [--seeds 3] [--steps 600]
 *     [--rule raw] [--known] [--only embeddings,trained-4] [--set corpus.path=DIR ...]
 *
 * --recipe: whose corpus, noises and augmentation are taken; --known: labels are the training speakers and not clusters; --only: leaves out the other
 * students. Start it where onnxruntime-node is installed, or its column is empty. Standard output: Markdown; out/small-models.json holds all figures.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { embedPieces } from '../../src/embed/embed-pieces.js';
import { MODEL_FILE } from '../../src/embed/model-file.js';
import { messageOf } from '../../src/errors.js';
import { createRng } from '../../src/random.js';
import { SAMPLE_RATE_HZ } from '../../src/sample-rate.js';
import { exportOnnx } from '../../src/tools/export-onnx.js';
import { sizeOfModel } from '../../src/tools/model-size.js';
import { openModel } from '../../src/tools/open-model.js';
import { quantizeModel } from '../../src/tools/quantize-model.js';
import { mean, repository, runRecipe, seedsUpTo, stageResult, standardError } from './recipe.js';

const BITS = [8, 4, 2, 1];
/** The student that is rounded after training, and verifies what the teacher enrolled. */
const STUDENT = 'embeddings';
const SECONDS = 10;

const { values } = parseArgs({
  options: {
    recipe: { type: 'string' },
    out: { type: 'string', default: 'runs/small-models' },
    seeds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '600' },
    rule: { type: 'string', default: 'raw' },
    known: { type: 'boolean', default: false },
    only: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const seeds = seedsUpTo(values.seeds);
const only = values.only?.split(',');

interface Stage {
  stage: string;
  as?: string;
  augmentation?: unknown[];
  steps?: number;
  [option: string]: unknown;
}

const stagesOf = (file: string): Stage[] =>
  (parse(readFileSync(file, 'utf8'), { merge: true, maxAliasCount: -1 }) as { stages: Stage[] }).stages;

const nameOf = ({ stage, as }: Stage): string => as ?? stage;
const isStudent = (stage: Stage): boolean => stage.stage === 'distill' || nameOf(stage) === 'alone';

/** The stages of the bench on the recipe's corpus. */
function trainingStages(): Stage[] {
  const source = values.recipe === undefined ? [] : stagesOf(values.recipe);
  const data = source.filter(({ stage }) => stage === 'corpus' || stage === 'noises');
  const heard = source.find(({ augmentation }) => augmentation !== undefined && augmentation.length > 0)?.augmentation;
  const own = stagesOf(repository('bench/quality/small-models.yaml')).filter(
    (stage) => !isStudent(stage) || only === undefined || nameOf(stage) === STUDENT || only.includes(nameOf(stage)),
  );
  const trainings = own.flatMap((stage): Stage[] => {
    if (stage.stage === 'corpus') return data.length > 0 ? data : [stage];
    if (values.known && stage.stage === 'cluster') return [{ stage: 'labels', as: 'clusters', corpus: 'corpus' }];
    if (stage.steps === undefined) return [stage];
    return [{ ...stage, steps: Number(values.steps), augmentation: heard ?? stage.augmentation }];
  });
  return trainings;
}

const trainings = trainingStages();
const students = trainings.filter(isStudent).map(nameOf);
const models = ['teacher'].concat(students);

/** Embedding and evaluation of a model. */
const measured = (name: string): Stage[] => [
  { stage: 'embed', as: `${name}-vectors`, corpus: 'corpus', model: name },
  evaluation(name, name),
];

const evaluation = (as: string, embeddings: string, more: Record<string, unknown> = {}): Stage => ({
  stage: 'evaluate',
  as: `${as}-result`,
  system: as,
  rule: values.rule,
  corpus: 'corpus',
  embeddings: `${embeddings}-vectors`,
  ...more,
});

const modelDir = (out: string, name: string): string => join(out, 'stages', `${name}-vectors`, 'model');

function writeConfig(out: string, stages: readonly Stage[], name: string): string {
  const path = join(out, `${name}.yaml`);
  // JSON is YAML.
  writeFileSync(path, JSON.stringify({ name: 'small-models', seed: 1, stages }, null, 2));
  return path;
}

/** Trains and measures all models of a seed; then those that are rounded after training. */
async function run(seed: number): Promise<string> {
  const out = resolve(values.out, `seed${seed}`);
  mkdirSync(out, { recursive: true });
  const settings = [`seed=${seed}`].concat(values.set);
  const asymmetric = evaluation('asymmetric', STUDENT, { enrolment: 'teacher-vectors' });
  const stages = trainings.concat(models.flatMap(measured), asymmetric);
  runRecipe({ recipe: writeConfig(out, stages, 'trained'), out, settings });
  const rounded: Stage[] = [];
  for (const bits of BITS) {
    const path = join(out, 'rounded', `${bits}`);
    if (!existsSync(join(path, MODEL_FILE))) await quantizeModel(modelDir(out, STUDENT), path, { bits });
    rounded.push({ stage: 'model', as: `after-${bits}`, path });
  }
  const all = stages.concat(
    rounded,
    rounded.flatMap((stage) => measured(nameOf(stage))),
  );
  runRecipe({ recipe: writeConfig(out, all, 'all'), out, settings });
  return out;
}

interface Cost {
  bytes: number;
  parameters: number;
  macsPerSecond: number;
  /** Seconds of one core for a second of audio, features included; null where onnxruntime is not there. */
  tensorflow: number;
  onnxruntime: number | null;
}

async function costOf(dir: string): Promise<Cost> {
  const { bytes, parameters, macsPerSecond } = await sizeOfModel(dir, { seconds: SECONDS, threads: 1 });
  return { bytes, parameters, macsPerSecond, tensorflow: await coreSeconds(dir), onnxruntime: await onnxSeconds(dir) };
}

/** Seconds of one core for a second of noise by whatever runs the model: the median of five. */
async function coreSeconds(path: string): Promise<number> {
  const { extractor, close } = await openModel(path, { device: 'cpu', threads: 1 });
  const rng = createRng('noise');
  const noise = [Int16Array.from({ length: SECONDS * SAMPLE_RATE_HZ }, () => 1000 * rng.normal())];
  const times: number[] = [];
  for (let i = 0; i < 7; i++) {
    const from = process.cpuUsage();
    await embedPieces(noise, extractor);
    const { user, system } = process.cpuUsage(from);
    // The first ones trace and warm up.
    if (i > 1) times.push((user + system) / 1e6 / SECONDS);
  }
  await close();
  return times.sort((a, b) => a - b)[2];
}

async function onnxSeconds(dir: string): Promise<number | null> {
  const scratch = mkdtempSync(join(tmpdir(), 'voxloop-small-models-'));
  try {
    const file = join(scratch, 'model.onnx');
    await exportOnnx(dir, file, { threads: 1 });
    return await coreSeconds(file);
  } catch (error) {
    console.error(`no figures of onnxruntime: ${messageOf(error)}`);
    return null;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

type Lists = Record<string, { eer: number }>;
const systems = models.concat(
  'asymmetric',
  BITS.map((bits) => `after-${bits}`),
);

const folders: string[] = [];
for (const seed of seeds) folders.push(await run(seed));
const costs = new Map<string, Cost>();
for (const name of systems.filter((system) => system !== 'asymmetric'))
  costs.set(name, await costOf(modelDir(folders[0], name)));
const ratesOf = (name: string, list: string) =>
  folders.map((out) => stageResult<{ lists: Lists }>(out, `${name}-result`).lists[list].eer);
const lists = Object.keys(stageResult<{ lists: Lists }>(folders[0], 'teacher-result').lists);
const rows = systems.map((name) => ({
  system: name,
  eer: Object.fromEntries(lists.map((list) => [list, ratesOf(name, list)])),
  cost: costs.get(name === 'asymmetric' ? STUDENT : name)!,
}));

writeFileSync(
  join(values.out, 'small-models.json'),
  `${JSON.stringify({ seeds, steps: Number(values.steps), rule: values.rule, recipe: values.recipe ?? null, rows }, null, 1)}\n`,
);
const percent = (rates: readonly number[]) =>
  `${(100 * mean(rates)).toFixed(2)} ± ${(100 * standardError(rates)).toFixed(2)}`;
console.log(
  `| system | ${lists.map((list) => `EER %, ${list}`).join(' | ')} | parameters | bytes | multiply-adds a second | TensorFlow, s of a core | onnxruntime |`,
);
console.log(`|---|${lists.map(() => '---|').join('')}---|---|---|---|---|`);
for (const { system, eer, cost } of rows) {
  const { parameters, bytes, macsPerSecond, tensorflow, onnxruntime } = cost;
  const figures = [
    parameters,
    bytes,
    `${(macsPerSecond / 1e6).toFixed(1)} M`,
    tensorflow.toPrecision(2),
    onnxruntime?.toPrecision(2) ?? '',
  ];
  console.log(
    `| ${[system]
      .concat(
        lists.map((list) => percent(eer[list])),
        figures.map(String),
      )
      .join(' | ')} |`,
  );
}
