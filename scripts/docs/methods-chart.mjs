// Bars of the methods' error rates, from the table of methods in docs/results.md.
import { PALETTE } from '../../dist/src/report/style.js';

const [WIDTH, LEFT, RIGHT, TOP, ROW, BAR] = [860, 150, 90, 92, 44, 14];
const HIGHEST = 45;

const STYLE =
  `${PALETTE}text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--muted)}` +
  '.title{font-size:17px;font-weight:640;fill:var(--ink)}.name{fill:var(--ink)}.page{fill:var(--card)}.grid{stroke:var(--grid)}' +
  '.c0{fill:var(--c0)}.c1{fill:var(--c1)}.untrained{stroke:var(--muted);stroke-dasharray:5 4}';

/** An SVG that stands by itself. */
export function methodsChart(results) {
  const { untrained, methods } = readMethods(results);
  const bottom = TOP + ROW * methods.length;
  const height = bottom + 44;
  const x = (percent) => round(LEFT + (percent / HIGHEST) * (WIDTH - LEFT - RIGHT));
  const label = methods.map(({ name, channel, clean }) => `${name} ${channel}, clean ${clean}`).join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" `,
    `aria-label="Equal error rate in percent of each method: ${label}; untrained ${untrained}">`,
    `<style>${STYLE}</style><rect class="page" width="${WIDTH}" height="${height}"/>`,
    '<text class="title" x="16" y="28">Equal error rate by method, mean of three seeds</text>',
    '<rect class="c0" x="16" y="46" width="11" height="11"/><text x="32" y="56">channel list</text>',
    '<rect class="c1" x="126" y="46" width="11" height="11"/><text x="142" y="56">clean list</text>',
    ...[0, 10, 20, 30, 40].map(
      (percent) =>
        `<line class="grid" x1="${x(percent)}" x2="${x(percent)}" y1="${TOP - 10}" y2="${bottom}"/>` +
        `<text x="${x(percent)}" y="${bottom + 20}" text-anchor="middle">${percent} %</text>`,
    ),
    ...methods.map((method, i) => bars(method, TOP + ROW * i, x)),
    `<line class="untrained" x1="${x(untrained)}" x2="${x(untrained)}" y1="${TOP - 10}" y2="${bottom}"/>`,
    `<text x="${x(untrained)}" y="${TOP - 16}" text-anchor="middle">untrained ${untrained}</text>`,
    '</svg>\n',
  ].join('');
}

function bars({ name, channel, clean }, top, x) {
  const bar = (percent, colour, y) =>
    `<rect class="${colour}" x="${x(0)}" y="${y}" width="${round(x(percent) - x(0))}" height="${BAR}"/>` +
    `<text class="name" x="${x(percent) + 6}" y="${y + 11}">${percent.toFixed(1)}</text>`;
  const title = `<text class="name" x="${LEFT - 10}" y="${top + BAR + 4}" text-anchor="end">${name}</text>`;
  return title + bar(channel, 'c0', top) + bar(clean, 'c1', top + BAR + 1);
}

/** Rows of the table whose heading tells the untrained network's rate. */
function readMethods(results) {
  const lines = results.split('\n');
  const head = lines.findIndex((line) => /^\| method .*untrained [\d.]+/.test(line));
  if (head < 0)
    throw new Error(
      'docs/results.md holds no table of methods, headed `| method | channel EER % (untrained N) | ...`.',
    );
  const untrained = Number(lines[head].match(/untrained ([\d.]+)/)[1]);
  const columns = lines[head].split('|').map((cell) => cell.trim());
  const [channelAt, cleanAt] = ['channel EER', 'clean EER'].map((title) =>
    columns.findIndex((cell) => cell.startsWith(title)),
  );
  const end = lines.findIndex((line, i) => i > head && !line.startsWith('|'));
  const methods = lines.slice(head + 2, end).map((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    return { name: cells[1].replace(/ \(.*/, ''), channel: Number(cells[channelAt]), clean: Number(cells[cleanAt]) };
  });
  return { untrained, methods };
}

const round = (value) => Math.round(value * 10) / 10;
