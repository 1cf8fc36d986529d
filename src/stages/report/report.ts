import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { mapEmbeddings } from '../../eval/embedding-map.js';
import { probeResult } from '../../eval/probing/probe-result.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { type Counterpart, findPublished } from '../../report/published/find.js';
import { renderReport } from '../../report/render.js';
import type { DetChart, Report, Rounds, SystemResult, VoicesFound } from '../../report/report.js';
import { resultsText } from '../../report/results-table.js';
import { roundsText } from '../../report/rounds-table.js';
import { voicesText } from '../../report/voices-table.js';
import { corpusDir, corpusNotes, openTraining, openTrialLists, type TestList } from '../artifacts/corpus-data.js';
import { type Embeddings, readEmbeddings } from '../artifacts/embeddings-data.js';
import { type EvaluationResult, evaluationResult } from '../artifacts/evaluation.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { collapseNotes, trainingCharts } from './training-charts.js';
import { labelsOf, roundsOf, type Training, trainingsOf } from './trainings.js';
import { nameOf, voicesOf } from './voices.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  systems: z
    .array(
      z.strictObject({
        evaluation: artifact('evaluation'),
        model: artifact('model').optional(),
        published: z
          .strictObject({ table: z.string(), system: z.string(), source: z.string().optional() })
          .optional()
          .describe('the counterpart in a published table, whose figures are shown apart, as those of others'),
      }),
    )
    .describe('rows of the table; the model gives the training time'),
  baseline: artifact('evaluation').optional(),
  training: z.array(artifact('model')).default([]).describe('stages whose curves are shown'),
  map: artifact('embeddings').optional().describe('embeddings to draw a map of'),
  clusters: artifact('clusters')
    .optional()
    .describe('pseudo-labels to show where no speaker is known; default: those of the last loop among `training`'),
  probes: z.array(artifact('probes')).default([]).describe('probes of networks to show, of a probe stage'),
});
type Options = z.output<typeof options>;

/** An evaluation artifact, read once. */
interface Evaluation {
  dir: string;
  result: EvaluationResult;
}

/** Everything that results.json and the report are made from. */
interface Gathered {
  /** The baseline first, where there is one. */
  evaluations: Evaluation[];
  /** The rows of the same. */
  systems: SystemResult[];
  trainings: Training[];
  loops: Rounds[];
}

/** Gathers everything into results.json and a self-contained report.html, and prints the final table. */
export default defineStage({
  name: 'report',
  summary: 'Writes results.json and report.html and prints the final table.',
  options,
  result: z.object({ table: z.string() }),
  publishes: ['results.json', 'report.html'],
  check: (_, { systems }) =>
    systems.flatMap(({ published }) => {
      const found = published && findPublished(published);
      return typeof found === 'string' ? [found] : [];
    }),
  async run(context, chosen) {
    const rows = chosen.systems.map((row) => openRow(context, row)).filter(isScored);
    const baseline = chosen.baseline ? [openRow(context, { evaluation: chosen.baseline })].find(isScored) : undefined;
    const trainings = chosen.training.map((name) => ({ name, artifact: context.artifact(name) }));
    const loops = trainings.flatMap((training) => roundsOf(training) ?? []);
    const lists = openTrialLists(context.artifact(chosen.corpus));
    const found = lists.length > 0 ? null : withoutLabels(context, chosen, trainings);
    const results = {
      name: context.runName,
      systems: rows.map(({ system }) => system),
      baseline: baseline?.system ?? null,
      loops,
      ...(found?.voices && { voices: inFigures(found.voices) }),
      environment: context.environment,
    };
    writeFileAtomic(join(context.dir, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    const all = baseline ? [baseline].concat(rows) : rows;
    const systems = all.map(({ system }) => system);
    const evaluations = all.map(({ evaluation }) => evaluation);
    const report = reportOf(context, chosen, { evaluations, systems, trainings, loops });
    const maps = found ? found.maps : chosen.map ? [mapOf(context.artifact(chosen.map), lists.at(-1)!)] : [];
    writeFileAtomic(join(context.dir, 'report.html'), renderReport({ ...report, maps, voices: found?.voices }));
    const tables = [lists.length > 0 ? resultsText(systems) : [], loops.map(roundsText)].flat();
    return { table: tables.concat(found?.voices ? voicesText(found.voices) : []).join('\n\n') };
  },
});

/** False for the row of a stage that stepped aside, because the corpus has no trial lists. */
const isScored = ({ system }: { system: SystemResult }): boolean => Object.keys(system.lists).length > 0;

/** What can be shown of a corpus of unknown speakers: its clusters, and a map of its recordings. */
function withoutLabels(
  context: StageContext,
  { corpus, clusters, map }: Options,
  trainings: readonly Training[],
): Pick<Report, 'maps' | 'voices'> {
  const { train } = openTraining(context.artifact(corpus));
  const source = clusters === undefined ? trainings.map(labelsOf).findLast(Boolean) : context.artifact(clusters);
  const labels = source ? readLabels(source, train.ids.length) : new Int32Array(train.ids.length).fill(-1);
  if (map === undefined) return {};
  const embeddings = readEmbeddings(context.artifact(map), 'train');
  const { x, y, note } = flatMap(embeddings);
  const groups = Array.from(labels, nameOf);
  const maps = [{ title: 'All recordings, by cluster', groups, note, x, y }];
  return { maps, voices: source && voicesOf(train, labels, embeddings) };
}

/** The same for results.json, without the sound. */
const inFigures = ({ clusters, unlabelled }: VoicesFound) => ({
  clusters: clusters.map(({ recordings, seconds, examples }) => {
    return { recordings, seconds, examples: examples.map(({ name }) => name) };
  }),
  unlabelled,
});

/** Reads the evaluation of a row, and makes the row. */
function openRow(
  context: StageContext,
  row: Options['systems'][number],
): { evaluation: Evaluation; system: SystemResult } {
  const artifact = context.artifact(row.evaluation);
  const result = readResult(artifact, evaluationResult);
  const { system: name, network, lists, nmi, purity } = result;
  const seconds = row.model ? context.artifact(row.model).seconds : null;
  return {
    evaluation: { dir: artifact.dir, result },
    system: { name, seed: context.seed, network: network ?? undefined, lists, nmi, purity, seconds },
  };
}

function reportOf(
  context: StageContext,
  chosen: Options,
  { evaluations, systems, trainings, loops }: Gathered,
): Report {
  const corpus = context.artifact(chosen.corpus);
  const config = join(context.runDir, 'config.yaml');
  return {
    title: `voxloop: ${context.runName}`,
    subtitle: `Seed ${context.seed}. ${systems.length > 0 ? 'Speaker verification on speakers not heard in training' : 'No speaker is known: what the recordings themselves tell'}.`,
    systems,
    published: counterpartsOf(context, chosen),
    loops,
    ...trainingCharts(trainings.flatMap(trainingsOf)),
    dets: detCharts(evaluations),
    probes: chosen.probes.map((name) => ({ title: name, result: readResult(context.artifact(name), probeResult) })),
    labelsUsedForSelection: false,
    notes: [
      { title: 'Data', items: corpusNotes(corpusDir(corpus)) },
      { title: 'Collapse guard', items: collapseNotes(trainings) },
    ],
    environment: context.environment as Report['environment'],
    config: existsSync(config) ? readFileSync(config, 'utf8') : undefined,
  };
}

/** The systems that the recipe names a published counterpart for. */
const counterpartsOf = (context: StageContext, { systems }: Options): Counterpart[] =>
  systems.flatMap(({ evaluation, published }) => {
    const found = published && findPublished(published);
    const { system: ours } = readResult(context.artifact(evaluation), evaluationResult);
    return found && typeof found !== 'string' ? [{ ours, table: found.table, row: found.row }] : [];
  });

const detPoints = z.array(z.object({ falseAlarm: z.number(), miss: z.number() }));

/** One chart for each list, with a curve for each system. */
function detCharts(evaluations: readonly Evaluation[]): DetChart[] {
  const names = new Set(evaluations.flatMap(({ result }) => Object.keys(result.lists)));
  const charts = [...names].map((list) => ({
    title: `Trial list: ${list}`,
    curves: evaluations.flatMap(({ dir, result: { system, network, lists } }) => {
      const file = join(dir, `${list}.det.json`);
      if (!lists[list] || !existsSync(file)) return [];
      const points = detPoints.parse(JSON.parse(readFileSync(file, 'utf8')));
      return [{ name: network ? `${system} (${network})` : system, points, eer: lists[list].eer }];
    }),
  }));
  return charts.filter(({ curves }) => curves.length > 0);
}

/** The test utterances of the harder list, coloured by speaker. */
function mapOf(embeddings: Artifact, list: TestList): NonNullable<Report['maps']>[number] {
  const { x, y, note } = flatMap(readEmbeddings(embeddings, list.name));
  return {
    title: `Test utterances (${list.name}), by speaker`,
    groups: list.paths.map((path) => list.speakers.get(path)!),
    note,
    x,
    y,
  };
}

function flatMap({ vectors, rows, size }: Embeddings) {
  const { x, y, explained } = mapEmbeddings(vectors, rows, size);
  return { x, y, note: `Two principal axes; they hold ${(100 * explained).toFixed(0)} % of the variance.` };
}
