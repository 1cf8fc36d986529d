/**
 * Students of a large network on a recipe's corpus: alone, with a self-teacher, by embeddings, with the frame or segment level, by concatenated
 * embeddings, of the small architectures, in 8 to 1 bits after training and trained so; the teacher from itself; asymmetric verification; and
 * what each model costs.
 * The stages are those of small-models.yaml. The teacher is trained once, its students with several seeds: their standard errors are those of
 * students of one teacher. A run that was stopped goes on where it was.
 *
 *   node dist/bench/quality/small-models.js [--recipe configs/real-speech.yaml] [--out runs/small-models] [--seeds 3] [--steps 600]
 *     [--rule raw] [--known] [--only embeddings,trained-4] [--set corpus.path=DIR ...]
 *
 * --recipe: whose corpus, noises and augmentation are taken; --set: an option of them; --known: labels are the training speakers and not
 * clusters; --only: leaves out the other students. Start it where onnxruntime-node is installed, or its column is empty. Standard output: Markdown; out/small-models.json holds all figures.
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
const isStudent = (stage: Stage): boolean =>
  stage.stage === 'distill' || (stage.stage === 'finetune' && nameOf(stage) !== 'teacher');

/** What the stages hear: the recipe's corpus, cut into stretches where the recipe does so, and its noises. */
const source = values.recipe === undefined ? [] : stagesOf(values.recipe);
const data = source.filter(({ stage }) => ['corpus', 'filter', 'noises'].includes(stage));
const heard = source.find(({ augmentation }) => augmentation !== undefined && augmentation.length > 0)?.augmentation;
const stretches = data.find(({ stage }) => stage === 'filter');
const trainedOn = stretches === undefined ? 'corpus' : nameOf(stretches);

/** The stages of small-models.yaml on that corpus, without the students that are left out. */
const own = stagesOf(repository('bench/quality/small-models.yaml'))
  .filter(
    (stage) => !isStudent(stage) || only === undefined || nameOf(stage) === STUDENT || only.includes(nameOf(stage)),
  )
  .flatMap((stage): Stage[] => {
    if (stage.stage === 'corpus') return data.length > 0 ? data : [stage];
    if (values.known && stage.stage === 'cluster') return [{ stage: 'labels', as: 'clusters', corpus: trainedOn }];
    const moved = { ...stage, corpus: trainedOn };
    return [
      stage.steps === undefined
        ? moved
        : { ...moved, steps: Number(values.steps), augmentation: heard ?? stage.augmentation },
    ];
  });

/** Only trials count, so that of the training recordings only a few are embedded; a rule that learns from them needs all. */
const tests: Stage[] =
  values.rule === 'raw' ? [{ stage: 'filter', as: 'tests', corpus: 'corpus', hours: 0.05, several: 'keep' }] : [];
const measuredOn = tests.length > 0 ? 'tests' : 'corpus';

const students = own.filter(isStudent).map(nameOf);
const models = ['teacher'].concat(students);

/** Embedding and evaluation of a model. */
const measured = (name: string): Stage[] => [
  { stage: 'embed', as: `${name}-vectors`, corpus: measuredOn, model: name },
  evaluation(name, name),
];

const evaluation = (as: string, embeddings: string, more: Record<string, unknown> = {}): Stage => ({
  stage: 'evaluate',
  as: `${as}-result`,
  system: as,
  rule: values.rule,
  corpus: measuredOn,
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

/** Trains and measures the teacher. */
function runTeacher(): string {
  const out = resolve(values.out, 'teacher');
  mkdirSync(out, { recursive: true });
  const stages = own.filter((stage) => !isStudent(stage)).concat(tests, measured('teacher'));
  runRecipe({ recipe: writeConfig(out, stages, 'teacher'), out, settings: values.set });
  return out;
}

/** What stands in place of the teacher's own stages in its students' runs. */
function givenStages(teacherRun: string): Stage[] {
  // What the teacher's run has built is there already; what it was given is given again.
  const ready = (stage: Stage, folder: string, more: Partial<Stage> = {}): Stage =>
    stage.source === 'ready' || (stage.stage === 'noises' && stage.path !== undefined)
      ? stage
      : { stage: stage.stage, as: nameOf(stage), path: join(teacherRun, 'stages', nameOf(stage), folder), ...more };
  const built = own.flatMap((stage) => {
    if (stage.stage === 'corpus') return [ready(stage, 'corpus', { source: 'ready' })];
    if (stage.stage === 'noises') return [ready(stage, 'bank')];
    return stage.stage === 'filter' ? [ready({ ...stage, stage: 'corpus' }, 'corpus', { source: 'ready' })] : [];
  });
  const labels: Stage[] = values.known
    ? [{ stage: 'labels', as: 'clusters', corpus: trainedOn }]
    : [
        { stage: 'embed', as: 'teacher-embeddings', corpus: trainedOn, model: 'teacher' },
        { ...own.find(({ stage }) => stage === 'cluster')!, embeddings: 'teacher-embeddings' },
      ];
  const teacher: Stage = { stage: 'model', as: 'teacher', path: modelDir(teacherRun, 'teacher') };
  return built.concat(tests, teacher, labels);
}

/** Trains and measures the students of a seed; then those that are rounded after training. */
async function run(seed: number, teacherRun: string): Promise<string> {
  const out = resolve(values.out, `seed${seed}`);
  mkdirSync(out, { recursive: true });
  const settings = [`seed=${seed}`];
  const asymmetric = evaluation('asymmetric', STUDENT, { enrolment: 'teacher-vectors' });
  const stages = givenStages(teacherRun).concat(own.filter(isStudent), models.flatMap(measured), asymmetric);
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
const teacherRun = runTeacher();
for (const seed of seeds) folders.push(await run(seed, teacherRun));
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
