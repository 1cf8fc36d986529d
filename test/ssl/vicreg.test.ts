import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import vicreg from '../../ssl/vicreg.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { vicregTerms } from '../helpers/oracles/decorrelation.js';
import { rowsOf } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { openTwoCrops } from '../helpers/training/open-two-crops.js';

const SIZE = 5;
/** A projector of a few units on a few rows has kinks at every turn. */
const FINE = { step: 0.004 };

const open = (session: Session, batch: number, overrides?: Record<string, unknown>) =>
  openTwoCrops(session, vicreg, { size: SIZE, batch }, overrides);

const numbers = (outputs: Record<string, HostTensor>): Record<string, number> =>
  Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Number(data[0])]));

test('it asks for two global crops and two utterances, and exports its one network', async (t) => {
  const options = vicreg.options.parse({});
  t.deepEqual(vicreg.views(options), { global: 2, local: 0 });
  t.regex(vicreg.check!(options, { batch: 1 }).join(), /at least 2 utterances/);
  t.deepEqual(vicreg.check!(options, { batch: 2 }), []);
  await withSession((session) => t.deepEqual(Object.keys(open(session, 2).method.networks), ['student']));
});

test('two utterances, by hand', async (t) => {
  await withSession(async (session) => {
    const rows = [
      [0, 0, 0, 0, 0],
      [3, 0.5, 0, 0, 0],
      [1, 0, 0, 0, 0],
      [1, 0, 0, 0, 2],
    ];
    const outputs = numbers(await open(session, 2).run({ global: float32(rows.flat(), [4, 1, SIZE]) }));
    // Squared distances of the two pairs, over 2 * 5 numbers.
    const invariance = (1 + (4 + 0.25 + 4)) / 10;
    // Unbiased variances: 4.5 and 0.125 in the first crop, 2 in the second; 0 elsewhere.
    const std = (variance: number) => Math.sqrt(variance + 1e-4);
    const variance = (1 - std(0.125) + 3 * (1 - 0.01)) / 5 + (4 * (1 - 0.01)) / 5;
    // One covariance, 1.5 * 0.25 * 2, twice in the matrix.
    const covariance = (2 * 0.75 ** 2) / 5;
    const loss = invariance + variance + 0.1 * covariance;
    close(
      t,
      [outputs.invariance, outputs.variance, outputs.covariance, outputs.loss],
      [invariance, variance, covariance, loss],
      1e-6,
    );
  });
});

for (const scale of [0.3, 2]) {
  test(`random crops of spread ${scale} agree with the formulas`, async (t) => {
    const batch = 7;
    const rows = rowsOf(normals(2 * batch * SIZE, 'x', scale), SIZE);
    const expected = vicregTerms(rows.slice(0, batch), rows.slice(batch));
    const weights = { invarianceWeight: 25, varianceWeight: 24, covarianceWeight: 1.5 };
    await withSession(async (session) => {
      const outputs = numbers(
        await open(session, batch, weights).run({ global: float32(rows.flat(), [2 * batch, 1, SIZE]) }),
      );
      close(t, [outputs.invariance], [expected.invariance], 1e-5);
      close(t, [outputs.variance], [expected.variance], 1e-5);
      close(t, [outputs.covariance], [expected.covariance], 1e-5);
      const loss = 25 * expected.invariance + 24 * expected.variance + 1.5 * expected.covariance;
      close(t, [outputs.loss], [loss], 1e-5);
    });
  });
}

test('collapsed crops cost the whole variance term and nothing else', async (t) => {
  await withSession(async (session) => {
    const outputs = numbers(await open(session, 3).run({ global: float32(Array(6 * SIZE).fill(0.7), [6, 1, SIZE]) }));
    close(t, [outputs.invariance, outputs.covariance], [0, 0], 1e-12);
    close(t, [outputs.variance], [2 * 0.99], 1e-6);
  });
});

test('gradients in the embeddings and through the projector', async (t) => {
  await withSession(async (session) => {
    const x = session.variable('x', [8, 1, SIZE], normalTensor([8, 1, SIZE], 'x', 0.5));
    const { method, loss } = open(session, 4, { projection: [6, 4] });
    // Two weights, a bias, and the scale and offset of a normalisation.
    t.is(method.trained.length, 5);
    await checkVariableGradients(t, session, [x, ...method.trained], {}, () => loss(x.read()).loss, FINE);
  });
});
