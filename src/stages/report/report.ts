import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { mapEmbeddings } from '../../eval/embedding-map.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { renderReport } from '../../report/render.js';
import type { DetChart, Report, Rounds, SystemResult } from '../../report/report.js';
import { resultsText } from '../../report/results-table.js';
import { roundsText } from '../../report/rounds-table.js';
import { corpusDir, corpusNotes, openTrialLists } from '../artifacts/corpus-data.js';
import { readEmbeddings } from '../artifacts/embeddings-data.js';
import { type EvaluationResult, evaluationResult } from '../artifacts/evaluation.js';
import { collapseNotes, trainingCharts } from './training-charts.js';
import { roundsOf, type Training, trainingsOf } from './trainings.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  systems: z
    .array(z.strictObject({ evaluation: artifact('evaluation'), model: artifact('model').optional() }))
    .describe('rows of the table; the model gives the training time'),
  baseline: artifact('evaluation').optional(),
  training: z.array(artifact('model')).default([]).describe('stages whose curves are shown'),
  map: artifact('embeddings').optional().describe('embeddings to draw a map of'),
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
  async run(context, chosen) {
    const rows = chosen.systems.map((row) => openRow(context, row));
    const baseline = chosen.baseline ? openRow(context, { evaluation: chosen.baseline }) : null;
    const trainings = chosen.training.map((name) => ({ name, artifact: context.artifact(name) }));
    const loops = trainings.flatMap((training) => roundsOf(training) ?? []);
    const results = {
      name: context.runName,
      systems: rows.map(({ system }) => system),
      baseline: baseline?.system ?? null,
      loops,
      environment: context.environment,
    };
    writeFileAtomic(join(context.runDir, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    const all = [...(baseline ? [baseline] : []), ...rows];
    const systems = all.map(({ system }) => system);
    const evaluations = all.map(({ evaluation }) => evaluation);
    const report = reportOf(context, chosen, { evaluations, systems, trainings, loops });
    writeFileAtomic(join(context.runDir, 'report.html'), renderReport(report));
    return { table: [resultsText(systems), ...loops.map(roundsText)].join('\n\n') };
  },
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
    subtitle: `Seed ${context.seed}. Speaker verification on speakers not heard in training.`,
    systems,
    loops,
    ...trainingCharts(trainings.flatMap(trainingsOf)),
    dets: detCharts(evaluations),
    maps: chosen.map ? [mapOf(context.artifact(chosen.map), corpus)] : [],
    labelsUsedForSelection: false,
    notes: [
      { title: 'Data', items: corpusNotes(corpusDir(corpus)) },
      { title: 'Collapse guard', items: collapseNotes(trainings) },
    ],
    environment: context.environment as Report['environment'],
    config: existsSync(config) ? readFileSync(config, 'utf8') : undefined,
  };
}

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
function mapOf(embeddings: Artifact, corpusArtifact: Artifact): NonNullable<Report['maps']>[number] {
  const list = openTrialLists(corpusArtifact).at(-1)!;
  const { vectors, rows, size } = readEmbeddings(embeddings, list.name);
  const { x, y, explained } = mapEmbeddings(vectors, rows, size);
  return {
    title: `Test utterances (${list.name}), by speaker`,
    groups: list.paths.map((path) => list.speakers.get(path)!),
    note: `Two principal axes; they hold ${(100 * explained).toFixed(0)} % of the variance.`,
    x,
    y,
  };
}
