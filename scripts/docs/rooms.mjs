// The picture of the rooms: floors from the rules that check the imports, each room with the number of its files.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ranks } from '../structure/directions.mjs';

const root = join(import.meta.dirname, '..', '..');
const outside = ['ssl', 'clustering'];

/** One line for each floor, the topmost first. */
export function rooms() {
  const floors = ranks.map((rooms) => `│ ${rooms.map(nameOf).join('   ')}`);
  const width = Math.max(...floors.map((line) => line.length)) + 2;
  const line = (left, right) => `${left}${'─'.repeat(width - 2)}${right}`;
  const boxes = floors.flatMap((floor, i) => [...(i === 0 ? [] : [line('├', '┤')]), `${floor.padEnd(width - 1)}│`]);
  return ['```text', line('┌', '┐'), ...boxes, line('└', '┘'), '```'].join('\n');
}

function nameOf(room) {
  if (outside.includes(room)) return `${room}/`;
  const isFolder = readdirSync(join(root, 'src'), { withFileTypes: true }).some(
    (entry) => entry.isDirectory() && entry.name === room,
  );
  return isFolder ? `src/${room}/` : `src/${room}.ts`;
}
