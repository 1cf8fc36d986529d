import { createHash } from 'node:crypto';
import { escapeText } from '../../report/escape.js';
import { STYLE } from '../../report/style.js';
import { SECTIONS, type Sections } from './sections.js';

const OWN_STYLE = 'progress{width:100%;margin-top:14px;accent-color:var(--c0)}body.gone main{opacity:.55}';
const style = STYLE + OWN_STYLE;

/** Puts in what the server sends: the sections that changed, by id. */
const script = `
const gone = document.getElementById('gone');
const source = new EventSource('events');
source.onmessage = ({ data }) => {
  for (const [id, html] of Object.entries(JSON.parse(data))) document.getElementById(id).innerHTML = html;
};
const show = (isGone) => {
  document.body.classList.toggle('gone', isGone);
  gone.hidden = !isGone;
};
source.onopen = () => show(false);
source.onerror = () => show(true);
`;

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but the page's own style and script, and the events of its own server. */
export const CONTENT_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join(';');

/** The page, with the sections as they are now. */
export function watchPage(name: string, sections: Sections): string {
  const title = `voxloop: ${escapeText(name)}`;
  const parts = SECTIONS.map((id) => `<section id="${id}">${sections[id]}</section>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1><p class="labels used" id="gone" hidden>voxloop watch has ended: this is what it saw last.</p></header>
<main>
${parts.join('\n')}
</main>
<footer>Made by voxloop from the run's folder. Only this machine can see this page.</footer>
<script>${script}</script>
</body>
</html>
`;
}
