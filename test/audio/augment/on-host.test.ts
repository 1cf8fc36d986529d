import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { drawExcerpts, drawRooms, type NoiseBank } from '../../../src/audio/augment/bank.js';
import { oneOf } from '../../../src/audio/augment/choice.js';
import { DT } from '../../../src/engine/graph/data-types.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { withSession } from '../../helpers/session.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

/** Blocks whose 160 samples are the block's number, of three recordings; rooms of one tap, the room's number. */
function numberedBank(folder: string): NoiseBank {
  const [noises, rooms] = [join(folder, 'noises'), join(folder, 'rooms')];
  writeFileSync(
    noises,
    Int16Array.from({ length: 160 * 30 }, (_, i) => Math.floor(i / 160)),
  );
  writeFileSync(
    rooms,
    Float32Array.from({ length: 9 }, (_, i) => i),
  );
  const recordings = { first: Int32Array.of(0, 4, 12), blocks: Int32Array.of(4, 8, 18) };
  return {
    noises: { path: noises, blocks: 30, kinds: { noise: recordings } },
    rooms: { path: rooms, count: 9, taps: 1 },
  };
}

function draw(bank: NoiseBank, rows: Tensor) {
  const places = tf.slice(drawExcerpts(bank, 'noise', [4, 480], 'noise'), [0, 0], [4, 480]);
  const add = (by: number) => (x: Tensor) => tf.add(x, by) as Tensor;
  const branches = [
    { share: 0.3, apply: add(100) },
    { share: 0.4, apply: add(200) },
  ];
  return { places, rooms: drawRooms(bank, 6, 'room'), ways: oneOf(rows, branches, 'ways') };
}

const rows = float32(
  Float32Array.from({ length: 10 }, (_, i) => i),
  [10, 1],
);

test('what is drawn is what was drawn before the draws moved to the host', async (t) => {
  const bank = numberedBank(temporaryFolder(t));
  await withSession(async (session) => {
    const drawn = await session.compile('draw', ({ rows }) => draw(bank, rows))({ rows, step: 3 });
    const values = (name: keyof typeof drawn) => Array.from(drawn[name].data as Float32Array);
    const blocks = values('places').filter((_, i) => i % 160 === 0);
    t.deepEqual(blocks, [6, 7, 8, 9, 10, 11, 6, 7, 8, 25, 26, 27]);
    t.deepEqual(values('rooms'), [5, 8, 3, 8, 3, 0]);
    t.deepEqual(values('ways'), [100, 201, 202, 203, 104, 5, 206, 107, 8, 9]);
  });
});

test('no whole number of an augmentation is computed off the host, where a GPU would wait for it', async (t) => {
  const bank = numberedBank(temporaryFolder(t));
  await withSession(async (session) => {
    const { graph } = session;
    const elsewhere: string[] = [];
    const add = graph.add.bind(graph);
    graph.add = (type, inputs, attributes) => {
      const node = add(type, inputs, attributes);
      if (node.outputs[0]?.dataType === DT.INT32 && graph.device !== '/device:CPU:0') elsewhere.push(type);
      return node;
    };
    session.compile('draw', ({ rows }) => draw(bank, rows)).trace({ rows, step: 0 });
    t.deepEqual(elsewhere, []);
  });
});
