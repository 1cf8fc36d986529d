import test from 'ava';
import { renderReport } from '../../src/report/render.js';
import { voicesText } from '../../src/report/voices-table.js';

const wav = Uint8Array.of(82, 73, 70, 70);
const voices = {
  clusters: [
    {
      name: '2',
      recordings: 9,
      seconds: 75,
      examples: [
        { name: 'a<b>.wav', wav },
        { name: 'c', wav },
      ],
    },
    { name: '1', recordings: 4, seconds: 8, examples: [] },
  ],
  unlabelled: 3,
};

test('the terminal names the recordings to listen to, and counts what is not shown', (t) => {
  const lines = voicesText(voices).split('\n');
  t.regex(lines[2], /^2 +9 +1 min 15 s +a<b>\.wav, c$/);
  t.is(lines[3], '2 clusters, of which the 1 largest are shown; 3 recordings are in none (held out, or noise).');
});

test('the page holds the sound itself, allows no other source, and escapes names', (t) => {
  const html = renderReport({ title: 'x', voices });
  t.is([...html.matchAll(/<audio [^>]*src="data:audio\/wav;base64,UklGRg=="/g)].length, 2);
  t.regex(html, /default-src 'none';style-src 'unsafe-inline';img-src data:;media-src data:"/);
  t.true(html.includes('a&lt;b&gt;.wav'));
  t.false(renderReport({ title: 'x' }).includes('media-src'));
});
