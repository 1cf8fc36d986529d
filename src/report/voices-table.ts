import { escapeText } from './escape.js';
import { formatSeconds } from './format.js';
import type { VoiceCluster, VoicesFound } from './report.js';
import { type Column, textTable } from './table.js';

/** Clusters that are listed; of the rest only the number is given. */
const MOST_LISTED = 40;

const columns: Column<VoiceCluster>[] = [
  { header: 'cluster', align: 'left', cell: ({ name }) => name },
  { header: 'recordings', cell: ({ recordings }) => String(recordings) },
  { header: 'length', cell: ({ seconds }) => formatSeconds(seconds) },
];

/** The largest clusters as a table for the terminal, with two recordings of each to listen to. */
export function voicesText({ clusters, unlabelled }: VoicesFound): string {
  const shown = clusters.filter(({ examples }) => examples.length > 0);
  const listen: Column<VoiceCluster> = {
    header: 'listen to',
    align: 'left',
    cell: ({ examples }) => examples.map(({ name }) => name).join(', '),
  };
  return `${textTable(shown, [...columns, listen])}\n${restOf(clusters.length, shown.length, unlabelled)}`;
}

/** All clusters as HTML; the examples can be played. */
export function voicesTable({ clusters, unlabelled }: VoicesFound): string {
  const shown = clusters.slice(0, MOST_LISTED);
  const headers = [...columns.map(({ header }) => header), 'listen'].map((header) => `<th scope="col">${header}</th>`);
  const rows = shown.map((cluster) => {
    const [name, ...cells] = columns.map(({ cell }) => escapeText(cell(cluster)));
    const players = cluster.examples.map(player).join('');
    return `<tr><th scope="row">${name}</th>${cells.map((text) => `<td>${text}</td>`).join('')}<td>${players}</td></tr>`;
  });
  return (
    '<div class="scroll" tabindex="0" role="region" aria-label="Voices found"><table>' +
    `<thead><tr>${headers.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>` +
    `<p class="footnote">${restOf(clusters.length, shown.length, unlabelled)} The players hold the recordings nearest to a ` +
    "cluster's centre: the same voice in one cluster, and another in each, is what to listen for.</p>"
  );
}

const player = ({ name, wav }: VoiceCluster['examples'][number]): string =>
  `<div>${escapeText(name)}<br/><audio controls="" preload="none" src="data:audio/wav;base64,${Buffer.from(wav).toString('base64')}"></audio></div>`;

function restOf(clusters: number, shown: number, unlabelled: number): string {
  const more = clusters > shown ? `, of which the ${shown} largest are shown` : '';
  const rest = unlabelled > 0 ? `; ${unlabelled} recordings are in none (held out, or noise)` : '';
  return `${clusters} cluster${clusters === 1 ? '' : 's'}${more}${rest}.`;
}
