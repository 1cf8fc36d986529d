import { escapeText } from './escape.js';
import { formatFixed, formatPercent } from './format.js';
import type { LoopRound, Rounds } from './report.js';
import { type Column, textTable } from './table.js';

/** The rounds of a pseudo-label loop as a table for the terminal. */
export const roundsText = (loop: Rounds): string => textTable(loop.rounds, columnsOf(loop));

/** The same as HTML. */
export function roundsTable(loop: Rounds): string {
  const columns = columnsOf(loop);
  const headers = columns.map(({ header }) => `<th scope="col">${escapeText(header)}</th>`).join('');
  const rows = loop.rounds.map((round) => {
    const [name, ...cells] = columns.map(({ cell }) => escapeText(cell(round)));
    return `<tr><th scope="row">${name}</th>${cells.map((text) => `<td>${text}</td>`).join('')}</tr>`;
  });
  return (
    `<h3>${escapeText(loop.title)}</h3>` +
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(loop.title)}"><table>` +
    `<thead><tr>${headers}</tr></thead><tbody>${rows.join('')}</tbody></table></div>` +
    '<p class="footnote">Chosen by crop trials on utterances that no round was trained on. NMI, purity and the EER of trial lists need ' +
    'speaker labels; they are shown and decide nothing.</p>'
  );
}

function columnsOf({ rounds, selected }: Rounds): Column<LoopRound>[] {
  const lists = [...new Set(rounds.flatMap(({ eer }) => Object.keys(eer)))];
  return [
    { header: 'round', align: 'left', cell: ({ round }) => `${round}${round === selected ? ' (kept)' : ''}` },
    { header: 'clusters', cell: ({ clusters }) => String(clusters) },
    { header: 'gate keeps', cell: ({ kept }) => formatPercent(kept) },
    { header: 'corrected', cell: ({ corrected }) => formatPercent(corrected) },
    { header: 'agreement', cell: ({ agreement }) => formatFixed(agreement, 3) },
    { header: 'crop EER', cell: ({ cropEer }) => formatPercent(cropEer) },
    { header: 'NMI', cell: ({ nmi }) => formatFixed(nmi, 3) },
    { header: 'purity', cell: ({ purity }) => formatFixed(purity, 3) },
    ...lists.map((list) => ({ header: `${list} EER`, cell: ({ eer }: LoopRound) => formatPercent(eer[list]) })),
  ];
}
