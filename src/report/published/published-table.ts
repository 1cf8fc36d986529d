import { escapeText } from '../escape.js';
import type { Counterpart } from './find.js';

/** Systems beside their published counterparts, a table for each published one, with a sentence that says whose figures they are. */
export function publishedHtml(counterparts: readonly Counterpart[]): string {
  const tables = new Set(counterparts.map(({ table }) => table));
  return [...tables].map((table) => oneTable(counterparts.filter((one) => one.table === table))).join('');
}

function oneTable(counterparts: readonly Counterpart[]): string {
  const [{ table }] = counterparts;
  const { title, document, columns } = table;
  const headers = ['beside', 'published system', 'by'].concat(columns);
  const rows = counterparts.map(({ ours, row }) => {
    const texts = [row.system, row.source].concat(
      row.figures.map((figure) => (figure === null ? '–' : String(figure))),
    );
    return `<tr><th scope="row">${escapeText(ours)}</th>${texts.map((text) => `<td>${escapeText(text)}</td>`).join('')}</tr>`;
  });
  return (
    `<h3>${escapeText(title)}</h3>` +
    `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(title)}"><table>` +
    `<thead><tr>${headers.map((header) => `<th scope="col">${escapeText(header)}</th>`).join('')}</tr></thead>` +
    `<tbody>${rows.join('')}</tbody></table></div>` +
    `<p class="footnote">Figures of others, on their data, as printed in: ${escapeText(document)}. Nothing of this was measured in this run.</p>`
  );
}
