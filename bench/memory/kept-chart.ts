import { escapeText } from '../../src/report/escape.js';
import { formatMebibytes } from '../../src/report/memory-rows.js';
import { round } from '../../src/report/plot.js';
import { PALETTE } from '../../src/report/style.js';

const [WIDTH, LEFT, RIGHT, TOP] = [860, 300, 110, 56];
const [ROW, BAR] = [21, 14];

/** A drawing that stands by itself: a bar of kept bytes for each network, the forms of one network together. */
export function barsOf(title: string, rows: readonly { network: string; form: string; kept: number }[]): string {
  const ordered = [...new Set(rows.map(({ network }) => network))].flatMap((network) =>
    rows.filter((row) => row.network === network),
  );
  const largest = Math.max(...rows.map(({ kept }) => kept));
  const height = TOP + ROW * ordered.length + 20;
  const bars = ordered.map(({ network, form, kept }, i) => {
    const [y, width] = [TOP + ROW * i, (kept / largest) * (WIDTH - LEFT - RIGHT)];
    const middle = y + BAR / 2;
    return (
      `<text class="name" x="${LEFT - 8}" y="${middle}" dy=".35em" text-anchor="end">${escapeText(`${network}, ${form}`)}</text>` +
      `<rect class="c3" x="${LEFT}" y="${y}" width="${round(Math.max(width, 0.5))}" height="${BAR}"/>` +
      `<text x="${round(LEFT + width + 8)}" y="${middle}" dy=".35em">${formatMebibytes(kept)} MiB</text>`
    );
  });
  const label = ordered
    .map(({ network, form, kept }) => `${network}, ${form}: ${formatMebibytes(kept)} MiB`)
    .join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ` +
      `aria-label="${escapeText(`${title}. ${label}`)}">`,
    `<style>${STYLE}</style><rect class="page" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="16" y="28">${escapeText(title)}</text>`,
    ...bars,
    '</svg>\n',
  ].join('');
}

const STYLE =
  `${PALETTE}text{font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--muted)}` +
  '.title{font-size:17px;font-weight:640;fill:var(--ink)}.name{fill:var(--ink)}.page{fill:var(--card)}.c3{fill:var(--c3)}';
