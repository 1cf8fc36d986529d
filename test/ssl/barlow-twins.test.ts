import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import barlowTwins from '../../ssl/barlow-twins.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { barlowTerms } from '../helpers/oracles/decorrelation.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { openTwoCrops } from '../helpers/training/open-two-crops.js';

const SIZE = 5;
/** A projector of a few units on a few rows has kinks at every turn. */
const FINE = { step: 0.004 };

const open = (session: Session, batch: number, overrides?: Record<string, unknown>) =>
  openTwoCrops(session, barlowTwins, { size: SIZE, batch }, overrides);

const numbers = (outputs: Record<string, HostTensor>): Record<string, number> =>
  Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Number(data[0])]));

test('it asks for two global crops and two utterances, and exports its one network', async (t) => {
  const options = barlowTwins.options.parse({});
  t.deepEqual(barlowTwins.views(options), { global: 2, local: 0 });
  t.regex(barlowTwins.check!(options, { batch: 1 }).join(), /at least 2 utterances/);
  t.deepEqual(barlowTwins.check!(options, { batch: 2 }), []);
  await withSession((session) => t.deepEqual(Object.keys(open(session, 2).method.networks), ['student']));
});

for (const redundancyWeight of [0.005, 1]) {
  test(`random crops agree with the formula, off-diagonal weight ${redundancyWeight}`, async (t) => {
    const batch = 7;
    // Wide, so that what keeps the division from zero is not seen.
    const x = normals(2 * batch * SIZE, 'x', 20);
    for (let i = 0; i < batch * SIZE; i++) x[batch * SIZE + i] += x[i];
    const rows = rowsOf(x, SIZE);
    const expected = barlowTerms(rows.slice(0, batch), rows.slice(batch));
    await withSession(async (session) => {
      const { run } = open(session, batch, { redundancyWeight, scale: 0.5 });
      const outputs = numbers(await run({ global: float32(x, [2 * batch, 1, SIZE]) }));
      close(t, [outputs.alignment], [expected.alignment], 1e-5);
      close(t, [outputs.redundancy], [expected.redundancy], 1e-5);
      close(t, [outputs.loss], [0.5 * (expected.alignment + redundancyWeight * expected.redundancy)], 1e-5);
    });
  });
}

test('neither scale nor shift of a dimension matters', async (t) => {
  const x = normals(8 * SIZE, 'x', 10);
  const moved = x.map((value, i) => value * (1 + (i % SIZE)) + 10 * (i % SIZE));
  await withSession(async (session) => {
    const { run } = open(session, 4);
    const [first, second] = [
      await run({ global: float32(x, [8, 1, SIZE]) }),
      await run({ global: float32(moved, [8, 1, SIZE]) }),
    ].map(numbers);
    close(t, [second.loss], [first.loss], 1e-5);
  });
});

test('crops that agree in independent dimensions cost nothing; collapsed ones cost one each dimension', async (t) => {
  await withSession(async (session) => {
    const { run } = open(session, 8, { scale: 1 });
    // Columns of a Hadamard matrix: zero mean, orthogonal.
    const crop = Array.from({ length: 8 }, (_, row) =>
      [1, 2, 3, 4, 5].map((column) => (bits(row & column) % 2 ? -100 : 100)),
    ).flat();
    close(t, [numbers(await run({ global: float32([...crop, ...crop], [16, 1, SIZE]) })).loss], [0], 1e-6);
    const collapsed = float32(Array(16 * SIZE).fill(0.7), [16, 1, SIZE]);
    close(t, [numbers(await run({ global: collapsed })).loss], [SIZE], 1e-6);
  });
});

const bits = (n: number): number => (n === 0 ? 0 : (n & 1) + bits(n >> 1));

test('gradients in the embeddings and through the projector', async (t) => {
  await withSession(async (session) => {
    const x = session.variable('x', [8, 1, SIZE], normalTensor([8, 1, SIZE], 'x', 0.5));
    const { method, loss } = open(session, 4, { projection: [6, 4], redundancyWeight: 0.2, scale: 1 });
    t.is(method.trained.length, 5);
    await checkVariableGradients(t, session, [x, ...method.trained], {}, () => loss(x.read()).loss, FINE);
  });
});
