import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { mapEmbeddings } from '../../eval/embedding-map.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { defineStage } from '../../plugin/define.js';
import { artifact } from '../../plugin/options.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { renderReport } from '../../report/render.js';
import type { Report, SystemResult } from '../../report/report.js';
import { roundsText } from '../../report/rounds-table.js';
import { corpusDir, corpusNotes, openCorpus } from '../artifacts/corpus-data.js';
import { readEmbeddings } from '../artifacts/embeddings-data.js';
import { groupedFigures, listFigures } from '../evaluate/list-figures.js';
import { roundsOf, trainingsOf } from '../loop/read-loop.js';
import { finalTable } from './final-table.js';
import { collapseNotes, trainingCharts } from './training-charts.js';

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

/** The headline figures, and those of every rule beside them. */
const listResult = listFigures.extend({
  rule: z.string().optional(),
  groups: groupedFigures.optional(),
  byRule: z.record(z.string(), listFigures).optional(),
});
const evaluation = z.object({
  system: z.string(),
  network: z.string().nullable(),
  lists: z.record(z.string(), listResult),
  nmi: z.number().nullable(),
  purity: z.number().nullable(),
});

/** Gathers everything into results.json and a self-contained report.html, and prints the final table. */
export default defineStage({
  name: 'report',
  summary: 'Writes results.json and report.html and prints the final table.',
  options,
  async run(context, given) {
    const rows = given.systems.map((row) => systemRow(context, row));
    const baseline = given.baseline ? systemRow(context, { evaluation: given.baseline }) : null;
    const training = given.training.map((name) => ({ name, artifact: context.artifact(name) }));
    const loops = training.flatMap((one) => roundsOf(one) ?? []);
    const results = { name: context.runName, systems: rows, baseline, loops, environment: context.environment };
    writeFileAtomic(join(context.runDir, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    const all = [...(baseline ? [baseline] : []), ...rows];
    writeFileAtomic(join(context.runDir, 'report.html'), renderReport({ ...reportOf(context, given, all), loops }));
    return { table: [finalTable(all), ...loops.map(roundsText)].join('\n\n') };
  },
});

function systemRow(context: StageContext, row: Options['systems'][number]): SystemResult {
  const { system, network, lists, nmi, purity } = evaluation.parse(context.artifact(row.evaluation).result);
  const seconds = row.model ? context.artifact(row.model).seconds : null;
  return { name: system, seed: context.seed, network: network ?? undefined, lists, nmi, purity, seconds };
}

function reportOf(context: StageContext, given: Options, systems: SystemResult[]): Report {
  const corpus = context.artifact(given.corpus);
  const training = given.training.map((name) => ({ name, artifact: context.artifact(name) }));
  const config = join(context.runDir, 'config.yaml');
  return {
    title: `voxloop: ${context.runName}`,
    subtitle: `Seed ${context.seed}. Speaker verification on speakers not heard in training.`,
    systems,
    ...trainingCharts(training.flatMap(trainingsOf)),
    dets: dets(context, given),
    maps: given.map ? [mapOf(context.artifact(given.map), corpus)] : [],
    labelsUsedForSelection: false,
    notes: [
      { title: 'Data', items: corpusNotes(corpusDir(corpus)) },
      { title: 'Collapse guard', items: collapseNotes(training) },
    ],
    environment: context.environment as Report['environment'],
    config: existsSync(config) ? readFileSync(config, 'utf8') : undefined,
  };
}

const detPoints = z.array(z.object({ falseAlarm: z.number(), miss: z.number() }));

/** One chart for each list, with a curve for each system. */
function dets(context: StageContext, given: Options): Report['dets'] {
  const names = [...(given.baseline ? [given.baseline] : []), ...given.systems.map((row) => row.evaluation)];
  const lists = new Set(names.flatMap((name) => Object.keys(evaluation.parse(context.artifact(name).result).lists)));
  return [...lists]
    .map((list) => ({
      title: `Trial list: ${list}`,
      curves: names.flatMap((name) => {
        const { dir, result } = context.artifact(name);
        const { system, network, lists } = evaluation.parse(result);
        const file = join(dir, `${list}.det.json`);
        if (!lists[list] || !existsSync(file)) return [];
        const points = detPoints.parse(JSON.parse(readFileSync(file, 'utf8')));
        return [{ name: network ? `${system} (${network})` : system, points, eer: lists[list].eer }];
      }),
    }))
    .filter(({ curves }) => curves.length > 0);
}

/** The test utterances of the harder list, coloured by speaker. */
function mapOf(embeddings: Artifact, corpusArtifact: Artifact): NonNullable<Report['maps']>[number] {
  const list = openCorpus(corpusArtifact).lists.at(-1)!;
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
