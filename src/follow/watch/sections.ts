import { existsSync } from 'node:fs';
import type { ProgressState } from '../../pipeline/run/progress-file.js';
import { escapeText } from '../../report/escape.js';
import { chartFigures, figureGrid } from '../../report/figure.js';
import { formatSeconds } from '../../report/format.js';
import { gateChart } from '../../report/gate-chart.js';
import { entropyChart, lossChart } from '../../report/line-chart.js';
import { roundsTable } from '../../report/rounds-table.js';
import { shareChart } from '../../report/share-chart.js';
import { readRounds } from '../../stages/loop/rounds-record.js';
import { trainingCharts } from '../../stages/report/training-charts.js';
import type { Training } from '../../stages/report/trainings.js';
import { readMetrics } from '../../train/metrics-log.js';
import { type FoundStage, metricsPath } from '../run-folder.js';
import type { RunView, StageView } from './run-view.js';

/** The parts of the page that change, in their order; each is the content of the element of that id. */
export const SECTIONS = ['state', 'progress', 'rounds', 'training', 'gate', 'stages'] as const;
export type Sections = Record<(typeof SECTIONS)[number], string>;

/** Draws a run. */
export function sectionsOf(view: RunView): Sections {
  const { losses, entropies, gates, shares } = trainingCharts(view.found.filter(isTraining).map(trainingOf));
  const curves = chartFigures(losses ?? [], lossChart).concat(chartFigures(entropies ?? [], entropyChart));
  const labels = chartFigures(gates ?? [], gateChart).concat(chartFigures(shares ?? [], shareChart));
  return {
    state: stateLine(view),
    progress: view.progress ? progressLine(view.progress) : '',
    rounds: titled('Pseudo-label rounds', view.found.map(roundsOf).join('')),
    training: titled('Training', figureGrid(curves)),
    gate: titled('Loss gate', figureGrid(labels)),
    stages: titled('Stages', stagesTable(view.stages)),
  };
}

const titled = (title: string, html: string): string => (html === '' ? '' : `<h2>${title}</h2>${html}`);

/** A network that is not trained has an empty record. */
const isTraining = (stage: FoundStage): boolean =>
  existsSync(metricsPath(stage)) && readMetrics(metricsPath(stage)).length > 0;

const trainingOf = ({ name, dir, record, partial }: FoundStage): Training => ({
  name,
  artifact: { dir, stage: (record ?? partial)!.stage, result: record?.result ?? null, seconds: 0 },
});

function roundsOf({ name, dir }: FoundStage): string {
  const done = readRounds(dir);
  return done ? roundsTable({ title: name, rounds: done.rounds, selected: done.selected }) : '';
}

const MEANING: Record<RunView['state'], string> = {
  'not started': 'No stage has begun.',
  running: 'It runs.',
  stopped: 'It is stopped; the same command goes on from here.',
  failed: 'It failed; the same command goes on from the last checkpoint once the cause is gone.',
  finished: 'It is finished.',
};

function stateLine({ state, fault, stages }: RunView): string {
  const own = stages.filter(({ name }) => !name.includes('/'));
  const done = own.filter((stage) => stage.state === 'done').length;
  const why = fault === undefined ? '' : `<p class="labels used">${escapeText(fault)}</p>`;
  return `<p class="lead" data-state="${state}">${MEANING[state]} ${done} of ${own.length} stages are done.</p>${why}`;
}

/** How far the stage is that runs, and how long it still takes at the pace of this attempt. */
function progressLine({ stage, step, total, first, seconds, fields }: ProgressState): string {
  const done = step - first;
  const left = done > 0 && total >= step ? formatSeconds((seconds / done) * (total - step)) : '–';
  const figures = [
    [stage, total > 0 ? `${Math.floor((100 * step) / total)} %` : '–', `${step} of ${total}`],
    ['time left', left, 'of this stage, at its pace so far'],
    ...Object.entries(fields).map(([name, value]) => [name, shown(value), '']),
  ];
  const cards = figures.map((texts) => {
    const [label, value, note] = texts.map(escapeText);
    return `<div><dt>${label}</dt><dd>${value}<small>${note}</small></dd></div>`;
  });
  return `<dl class="figures">${cards.join('')}</dl><progress max="${total}" value="${step}"></progress>`;
}

const shown = (value: number | string): string =>
  typeof value === 'string' || Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));

function stagesTable(stages: readonly StageView[]): string {
  const rows = stages.map(({ name, stage, state, seconds }) => {
    const title = `<th scope="row">${escapeText(name)}</th><td>${escapeText(stage)}</td>`;
    return `<tr>${title}<td>${state}</td><td>${formatSeconds(seconds)}</td></tr>`;
  });
  return (
    '<div class="scroll" tabindex="0" role="region" aria-label="Stages"><table><thead><tr><th scope="col">name</th>' +
    `<th scope="col">stage</th><th scope="col">state</th><th scope="col">time</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`
  );
}
