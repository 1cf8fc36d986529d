const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, LEFT, ROW] = [800, 90, 30];

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`;

/** Who speaks when: a line for each speaker, and the turns as a list. */
export function drawTurns(segments, seconds) {
  if (segments.length === 0) return [];
  const names = [...new Set(segments.map(({ speaker }) => speaker))];
  const x = (at) => LEFT + ((WIDTH - LEFT - 10) * at) / seconds;
  const height = ROW * (names.length + 1);
  const drawing = element('svg', {
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: 'img',
    'aria-label': `${names.length} speakers in ${clock(seconds)}`,
  });
  for (const [i, name] of names.entries()) drawing.append(element('text', { x: 10, y: ROW * i + 22 }, name));
  for (const { startSeconds, endSeconds, speaker } of segments) {
    const i = names.indexOf(speaker);
    const box = {
      x: x(startSeconds),
      y: ROW * i + 8,
      width: x(endSeconds) - x(startSeconds),
      height: ROW - 10,
      rx: 2,
      class: `t${i % 8}`,
    };
    drawing.append(element('rect', box));
  }
  for (let part = 0; part <= 4; part++) {
    const at = (seconds * part) / 4;
    drawing.append(
      element('text', { x: x(at), y: height - 8, 'text-anchor': part === 4 ? 'end' : 'middle' }, clock(at)),
    );
  }
  const list = document.createElement('ol');
  for (const { startSeconds, endSeconds, speaker } of segments) {
    const item = document.createElement('li');
    item.textContent = `${clock(startSeconds)} to ${clock(endSeconds)}  ${speaker}`;
    list.append(item);
  }
  return [drawing, list];
}
