import type { AttributeProbes, LayerProbe, ProbeResult } from '../../eval/probing/probe-result.js';
import { escapeText } from '../escape.js';
import { figure, figureGrid } from '../figure.js';
import { lineClass, lineLegend } from '../legend.js';
import { linePath, plot } from '../plot.js';
import { type Column, textTable } from '../table.js';
import { linearTicks } from '../ticks.js';

const percent = (share: number): string => (100 * share).toFixed(1);

const columns: Column<LayerProbe>[] = [
  { header: 'layer', align: 'left', cell: ({ layer }) => layer },
  { header: 'accuracy %', cell: ({ accuracy }) => percent(accuracy) },
  { header: 'known speakers', cell: ({ familiar }) => percent(familiar) },
  { header: 'control task', cell: ({ control }) => percent(control) },
  { header: 'selectivity', cell: ({ selectivity }) => percent(selectivity) },
];

/** Headings and columns of an attribute; where speakers are not kept apart, there is one accuracy. */
const columnsOf = ({ apart }: AttributeProbes): Column<LayerProbe>[] =>
  apart === 'speakers' ? columns : columns.filter(({ header }) => header !== 'known speakers');

function summaryOf({ attribute, classes, majority, trained, tested, apart, types }: AttributeProbes): string {
  const on = apart === 'speakers' ? 'other speakers' : 'other utterances';
  return (
    `${attribute}: ${classes.length} classes, ${trained} utterances learned from, ${tested} of ${on} tested; the most frequent class ` +
    `${percent(majority)} %; control labels by ${types.of === 'speakers' ? 'speaker' : 'cluster of sounds'} (${types.count})`
  );
}

const skippedText = ({ skipped }: ProbeResult): string[] =>
  skipped.map(({ attribute, reason }) => `${attribute}: not probed, ${reason}`);

/** What the layers of each network know, as tables for the terminal. */
export function probesText(result: ProbeResult): string {
  const tables = result.networks.flatMap(({ name, attributes }) =>
    attributes.map((probes) => `${name}, ${summaryOf(probes)}\n${textTable(probes.layers, columnsOf(probes))}`),
  );
  return tables.concat(skippedText(result).join('\n') || []).join('\n\n');
}

/** The same as HTML: a chart of each network, with its tables. */
export function probesSection(result: ProbeResult): string {
  const charts = result.networks.map(({ name, attributes }) =>
    figure(`What the layers know: ${name}`, probeChart(name, attributes)),
  );
  const tables = result.networks.flatMap(({ name, attributes }) => attributes.map((probes) => htmlTable(name, probes)));
  const left = skippedText(result).map((text) => `${escapeText(text)}.`);
  const kind = result.hidden === 0 ? 'Linear probes' : `Probes with a hidden layer of ${result.hidden} units`;
  return (
    figureGrid(charts) +
    tables.join('') +
    `<p class="footnote">${kind} on ${result.utterances} utterances; layers of frames are pooled to mean and deviation. Selectivity is the ` +
    'accuracy on known speakers less that of the control task, whose labels are random by type: what is right there was memorised. ' +
    `${left.join(' ')}</p>`
  );
}

/** Accuracy above the most frequent class, as a share of what is left, by layer: one line an attribute. */
function probeChart(name: string, attributes: readonly AttributeProbes[]): string {
  const layers = attributes[0].layers.map(({ layer }) => layer);
  const gains = attributes.map(({ majority, layers: probes }) =>
    probes.map(({ accuracy }) => (majority < 1 ? (accuracy - majority) / (1 - majority) : 0)),
  );
  const low = Math.min(0, ...gains.flat());
  const svg = plot({
    label: `${name}: what is known by layer. ${attributes.map(({ attribute }, i) => `${attribute}: ${gains[i].map((gain) => gain.toFixed(2)).join(', ')}`).join('; ')}`,
    x: {
      title: 'layer',
      range: [-0.3, Math.max(layers.length - 0.7, 0.3)],
      ticks: layers.map((layer, at) => ({ at, text: layer })),
    },
    y: { title: 'accuracy from chance (0) to all (1)', range: [low - 0.02, 1.02], ticks: linearTicks(low, 1) },
    marks: (area) =>
      gains
        .map((line, i) => {
          const points = line.map((gain, at) => [area.x(at), area.y(gain)] as const);
          return `<path class="${lineClass(i)}" d="${linePath(points)}"/>`;
        })
        .join(''),
  });
  return svg + lineLegend(attributes.map(({ attribute }) => attribute));
}

function htmlTable(network: string, probes: AttributeProbes): string {
  const shown = columnsOf(probes);
  const headers = shown.map(({ header }) => `<th scope="col">${escapeText(header)}</th>`).join('');
  const rows = probes.layers.map((layer) => {
    const [name, ...cells] = shown.map(({ cell }) => escapeText(cell(layer)));
    return `<tr><th scope="row">${name}</th>${cells.map((text) => `<td>${text}</td>`).join('')}</tr>`;
  });
  const title = `${network}: ${probes.attribute}`;
  return (
    `<details class="card"><summary>${escapeText(title)}</summary><p class="footnote">${escapeText(summaryOf(probes))}.</p>` +
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(title)}"><table>` +
    `<thead><tr>${headers}</tr></thead><tbody>${rows.join('')}</tbody></table></div></details>`
  );
}
