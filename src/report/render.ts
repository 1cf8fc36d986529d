import { detChart } from './det-chart.js';
import { eerChart, highestRate } from './eer-chart.js';
import { escapeText } from './escape.js';
import { chartFigures, figure, figureGrid } from './figure.js';
import { gateChart } from './gate-chart.js';
import { probesSection } from './inspect/probe-table.js';
import { saliencyChart } from './inspect/saliency-chart.js';
import { entropyChart, lossChart } from './line-chart.js';
import { mapChart } from './map-chart.js';
import { publishedHtml } from './published/published-table.js';
import type { Report } from './report.js';
import { listNames, resultsTable } from './results-table.js';
import { roundsTable } from './rounds-table.js';
import { shareChart } from './share-chart.js';
import { STYLE } from './style.js';
import { systemDetails } from './system-details.js';
import { voicesTable } from './voices-table.js';

interface Section {
  id: string;
  title: string;
  html: string;
}

/**
 * Renders a report as one self-contained HTML page: no scripts, nothing fetched (its content policy forbids both), light and dark,
 * readable on a phone. All text is escaped. The same report gives the same bytes.
 */
export function renderReport(report: Report): string {
  const sections = [
    results(report),
    published(report),
    loops(report),
    training(report),
    gates(report),
    dets(report),
    maps(report),
    voices(report),
    probes(report),
    saliencies(report),
    data(report),
    setting(report),
  ].filter((section) => section.html !== '');
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${title}</a></li>`).join('');
  const body = sections.map(
    ({ id, title, html }) => `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${html}</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline';img-src data:${report.voices ? ';media-src data:' : ''}">
<link rel="icon" href="data:,">
<title>${escapeText(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeText(report.title)}</h1>
${report.subtitle ? `<p class="lead">${escapeText(report.subtitle)}</p>` : ''}
${links ? `<nav aria-label="Sections"><ul>${links}</ul></nav>` : ''}
${keyFigures(report)}
</header>
<main>
${body.join('\n')}
</main>
<footer>Made by voxloop. Error rates by thresholds between distinct scores; intervals from resampled speakers.</footer>
</body>
</html>
`;
}

function keyFigures({ figures = [] }: Report): string {
  if (figures.length === 0) return '';
  const cards = figures.map(({ label, value, note }) => {
    const small = note ? `<small>${escapeText(note)}</small>` : '';
    return `<div><dt>${escapeText(label)}</dt><dd>${escapeText(value)}${small}</dd></div>`;
  });
  return `<dl class="figures">${cards.join('')}</dl>`;
}

function results({ systems = [] }: Report): Section {
  const highest = highestRate(systems);
  const charts = listNames(systems).map((list) =>
    figure(`Equal error rate, ${list}`, eerChart(systems, list, highest)),
  );
  const details = systems.map(systemDetails).join('');
  const html = systems.length > 0 ? resultsTable(systems) + figureGrid(charts) + details : '';
  return { id: 'results', title: 'Results', html };
}

function published({ published: counterparts = [] }: Report): Section {
  return { id: 'published', title: 'Published figures of others', html: publishedHtml(counterparts) };
}

function loops({ loops = [] }: Report): Section {
  return { id: 'rounds', title: 'Pseudo-label rounds', html: loops.map(roundsTable).join('') };
}

function training({ losses = [], entropies = [] }: Report): Section {
  const figures = chartFigures(losses, lossChart).concat(chartFigures(entropies, entropyChart));
  return { id: 'training', title: 'Training', html: figureGrid(figures) };
}

function gates({ gates = [], shares = [] }: Report): Section {
  const figures = chartFigures(gates, gateChart).concat(chartFigures(shares, shareChart));
  return { id: 'gate', title: 'Loss gate', html: figureGrid(figures) };
}

function dets({ dets = [] }: Report): Section {
  return { id: 'det', title: 'Error trade-off', html: figureGrid(chartFigures(dets, detChart)) };
}

function maps({ maps = [] }: Report): Section {
  return { id: 'map', title: 'Embeddings', html: figureGrid(chartFigures(maps, mapChart)) };
}

function voices({ voices }: Report): Section {
  return { id: 'voices', title: 'Voices found', html: voices ? voicesTable(voices) : '' };
}

function probes({ probes = [] }: Report): Section {
  const parts = probes.map(({ title, result }) => `<h3>${escapeText(title)}</h3>${probesSection(result)}`);
  return { id: 'probes', title: 'What the layers know', html: parts.join('') };
}

function saliencies({ saliencies = [] }: Report): Section {
  const note = '<p class="footnote">Grey: the spectrogram. Orange: what speaks for the score, by LayerCAM.</p>';
  const charts = figureGrid(chartFigures(saliencies, saliencyChart));
  return { id: 'saliency', title: 'What scores rest on', html: charts && charts + note };
}

function data({ notes = [], labelsUsedForSelection }: Report): Section {
  const lists = notes
    .filter(({ items }) => items.length > 0)
    .map(
      ({ title, items }) =>
        `<h3>${escapeText(title)}</h3><ul>${items.map((item) => `<li>${escapeText(item)}</li>`).join('')}</ul>`,
    );
  const card = lists.length > 0 ? `<div class="card notes">${lists.join('')}</div>` : '';
  return { id: 'data', title: 'Data and labels', html: labelStatement(labelsUsedForSelection) + card };
}

function labelStatement(used: boolean | undefined): string {
  if (used === undefined) return '';
  return used
    ? '<p class="labels used"><strong>Speaker labels were used</strong> to select or stop: these figures are not label-free.</p>'
    : '<p class="labels"><strong>No speaker label was used</strong> to select or stop; labels served evaluation only.</p>';
}

function setting({ environment = {}, config }: Report): Section {
  const pairs = Object.entries(environment).map(
    ([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(String(value))}</dd>`,
  );
  const list = pairs.length > 0 ? `<div class="card"><dl class="pairs">${pairs.join('')}</dl></div>` : '';
  const text = config
    ? `<details class="card"><summary>Resolved configuration</summary><pre tabindex="0">${escapeText(config)}</pre></details>`
    : '';
  return { id: 'setting', title: 'Environment and configuration', html: list + text };
}
