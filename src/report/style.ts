/**
 * Colours of paper and ink, of lines and of series, light and dark. Series follow Okabe and Ito's palette (made to be told apart with
 * any colour vision), darkened on paper and lightened on black until thin lines have a contrast of at least 3:1.
 */
export const PALETTE = `
:root{color-scheme:light dark;
--page:#f6f5f2;--card:#fff;--ink:#1c1d20;--muted:#62656b;--rule:#dddbd5;--grid:#ebe9e4;--soft:#f0eee9;--warn:#fdf1dc;--warn-ink:#7a4b00;
--c0:#0068a8;--c1:#cc5200;--c2:#008a64;--c3:#b04a86;--c4:#a87400;--c5:#2f93cf;--c6:#5b5e66;--c7:#8a4a2b}
@media (prefers-color-scheme:dark){:root{
--page:#131417;--card:#1b1d21;--ink:#e9e8e4;--muted:#a2a5ac;--rule:#34373d;--grid:#292c31;--soft:#24272c;--warn:#3a2c12;--warn-ink:#f3c97a;
--c0:#5aabec;--c1:#ff8a4a;--c2:#35c79a;--c3:#e58fc0;--c4:#e6b03c;--c5:#8fd3ff;--c6:#b4b7be;--c7:#d39a7b}}
`.trim();

/** The report's style sheet. */
export const STYLE = `
${PALETTE}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main,header,footer{max-width:1140px;margin:0 auto;padding:0 clamp(16px,4vw,36px)}
header{padding-top:clamp(28px,6vw,56px)}
h1{font-size:clamp(26px,4.6vw,38px);line-height:1.15;letter-spacing:-.02em;font-weight:680;margin:0;overflow-wrap:anywhere;text-wrap:balance}
h2{font-size:21px;letter-spacing:-.01em;font-weight:640;margin:52px 0 4px;scroll-margin-top:16px}
h3{font-size:15px;font-weight:620;margin:0 0 8px;overflow-wrap:anywhere}
p{margin:0 0 12px;max-width:70ch}
a{color:var(--c0);text-underline-offset:3px}
.muted,.lead,.footnote{color:var(--muted)}
.lead{font-size:18px;margin:8px 0 0}
.footnote{font-size:13.5px;margin:8px 0 0}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;padding:0;margin:18px 0 0;font-size:15px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,190px),1fr));gap:14px;margin:28px 0 0;padding:0}
.figures div{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:14px 18px}
.figures dt{font-size:14px;color:var(--muted)}
.figures dd{margin:2px 0 0;font-size:27px;line-height:1.2;font-weight:640;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
.figures dd small{display:block;font-size:13.5px;line-height:1.4;font-weight:400;letter-spacing:0;color:var(--muted);margin-top:4px}
.grid-of-charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:20px;margin-top:18px}
figure,.card{margin:0;min-width:0;background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:18px 18px 14px}
figure{max-width:620px}
figure>svg{display:block;width:100%;height:auto}
svg text{font-family:inherit;font-size:12.5px;fill:var(--muted);font-variant-numeric:tabular-nums}
svg .axis{fill:var(--ink)}
svg .value{font-weight:400;fill:var(--muted)}
svg .strong{fill:var(--ink);font-weight:600}
svg .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.grid{stroke:var(--grid)}.base{stroke:var(--muted)}
.c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
.line{fill:none;stroke:var(--c);stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
.d1{stroke-dasharray:7 5}.d2{stroke-dasharray:1.5 5}.d3{stroke-dasharray:10 4 1.5 4}
.raw{fill:none;stroke:var(--c);stroke-width:1;opacity:.32}
.band{fill:var(--muted);opacity:.22}
.dot{fill:var(--c);stroke:var(--card);stroke-width:.8}
.other{fill:var(--muted);opacity:.35}
.whisker{stroke:var(--c);stroke-width:2.2;stroke-linecap:round;opacity:.55}
.reference{stroke:var(--muted);stroke-dasharray:3 4}
.gate{stroke:var(--ink);stroke-width:1.6}
.kept{fill:var(--c0)}
.dropped{fill:var(--c1);fill-opacity:.28;stroke:var(--c1);stroke-width:.8}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;padding:0;margin:8px 0 0;font-size:14px}
.legend li{display:flex;align-items:center;overflow-wrap:anywhere;min-width:0}
.legend span{flex:none;display:inline-flex;margin-right:7px}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--rule);border-radius:10px;margin-top:18px}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--c0);outline-offset:2px}
table{border-collapse:separate;border-spacing:0;width:100%;font-size:14.5px;font-variant-numeric:tabular-nums}
th,td{padding:9px 10px;text-align:right;white-space:nowrap;font-weight:400}
thead th,thead td{color:var(--muted);font-size:13.5px;padding:6px 10px}
thead tr:first-child>*{padding-top:12px}
thead th[scope=colgroup]{text-align:left;color:var(--ink);font-weight:620;padding-left:26px}
.first{padding-left:26px}
.interval{color:var(--muted)}
tbody th,thead th:first-child[rowspan]{text-align:left;position:sticky;left:0;background:var(--card);padding-left:18px}
thead th[rowspan]{vertical-align:bottom}
tbody th{font-weight:600;white-space:normal;min-width:132px}
tbody th .muted{font-weight:400}
tbody tr>*{border-top:1px solid var(--rule)}
tbody tr:hover>*{background:var(--soft)}
.pairs{display:grid;grid-template-columns:minmax(110px,max-content) 1fr;gap:6px 22px;margin:0;font-size:15px}
.pairs dt{color:var(--muted)}.pairs dd{margin:0;overflow-wrap:anywhere}
.card{margin-top:18px}
details .scroll{border:0;margin-top:10px}
td.figure{text-align:left;padding-left:30px;position:sticky;left:0;background:var(--card)}
.notes ul{margin:0 0 16px;padding-left:20px}.notes li{margin:3px 0;overflow-wrap:anywhere;max-width:80ch}.notes>:last-child{margin-bottom:4px}
.labels{border-radius:10px;padding:12px 18px;margin:18px 0 0;background:var(--soft);max-width:none}
.labels.used{background:var(--warn);color:var(--warn-ink)}
summary{cursor:pointer;font-weight:600;font-size:15px}
pre{overflow-x:auto;font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;margin:12px 0 2px;tab-size:2}
footer{padding-top:40px;padding-bottom:48px;color:var(--muted);font-size:14px}
@media (max-width:540px){
figure,.card{padding:14px 12px 12px}
svg text{font-size:16.5px}
h2{margin-top:40px}
th,td{padding:8px 9px}.first,thead th[scope=colgroup]{padding-left:18px}
tbody th{white-space:normal;min-width:118px}tbody th .muted{display:block;font-size:13.5px}
.pairs{grid-template-columns:1fr;gap:0}.pairs dd{margin-bottom:8px}}
@media print{body{background:#fff}figure,.card,.scroll{break-inside:avoid}nav{display:none}}
`.trim();
