import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { UserError } from '../../../src/errors.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { createScope } from '../../../src/nn/scope.js';
import { adversaryOptions, createAdversary } from '../../../src/train/step/adversary.js';
import { close } from '../../helpers/close.js';
import { checkVariableGradients } from '../../helpers/finite-differences.js';
import { logSoftmax, mean, type Rows, rowsOf, transposed } from '../../helpers/oracles/losses.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { identityBackbone, sslContext } from '../../helpers/training/ssl-parts.js';

const SIZE = 3;
const ROWS = 5;
const HIDDEN = 4;

/** An adversary of a network that hands features through; twins and crops are variables. */
function open(session: Session, { weight = 3, embedded = 2 } = {}) {
  const network = sslContext(session, 1, identityBackbone(SIZE)).backbone('network');
  const options = adversaryOptions.parse({ weight, hiddenSize: HIDDEN });
  const adversary = createAdversary(
    createScope(session, 'adversary', 1),
    { networks: { student: network } },
    { global: 2 },
    options,
  );
  const crops = session.variable('crops', [2 * ROWS, 1, SIZE], normalTensor([2 * ROWS, 1, SIZE], 'crops'));
  const twins = session.variable('twins', [ROWS, 1, SIZE], normalTensor([ROWS, 1, SIZE], 'twins'));
  const oppose = () => {
    const global = crops.read();
    // A loss that the variables share in, so that each has a gradient.
    const loss = tf.mean(tf.square(global)) as Tensor;
    const embeddings = tf.slice(tf.reshape(global, [2 * ROWS, SIZE]), [0, 0], [embedded * ROWS, SIZE]);
    return adversary.oppose({ loss, metrics: {}, embeddings }, { batch: ROWS, global, twins: twins.read() });
  };
  return { adversary, crops, twins, oppose };
}

const values = (tensor: HostTensor): number[] => Array.from(tensor.data as Float32Array);

/** The discriminator by plain loops: normalisation, rectifier, dense, normalisation, rectifier, dense, cross-entropy of two classes. */
function oracle(saved: Record<string, HostTensor>): { loss: number; accuracy: number } {
  const weights = (name: string) => values(saved[`adversary/${name}`]);
  const normed = (rows: Rows, name: string): number[][] => {
    const [scale, offset] = [weights(`${name}/scale`), weights(`${name}/offset`)];
    const columns = transposed(rows).map((column, d) => {
      const [m, square] = [mean(column), mean(column.map((value) => value ** 2))];
      return column.map((value) =>
        Math.max(0, (scale[d] * (value - m)) / Math.sqrt(square - m * m + 1e-5) + offset[d]),
      );
    });
    return transposed(columns);
  };
  const dense = (rows: Rows, name: string, outputs: number, bias: readonly number[]): number[][] => {
    const matrix = rowsOf(weights(`${name}/weight`), outputs);
    return rows.map((row) => bias.map((b, o) => row.reduce((sum, value, i) => sum + value * matrix[i][o], b)));
  };
  const [crops, twins] = [rowsOf(values(saved.crops), SIZE), rowsOf(values(saved.twins), SIZE)];
  const first = crops.slice(0, ROWS);
  const pairs = [twins, crops.slice(ROWS)].flatMap((others) => first.map((row, i) => [...row, ...others[i]]));
  const hidden = dense(normed(pairs, 'norm'), 'layer1', HIDDEN, Array(HIDDEN).fill(0));
  const logits = dense(normed(hidden, 'layer1/norm'), 'layer2', 2, weights('layer2/bias'));
  const alike = (row: number) => (row < ROWS ? 1 : 0);
  return {
    loss: mean(logits.map((row, i) => -logSoftmax(row)[alike(i)])),
    accuracy: mean(logits.map((row, i) => (Number(row[1] > row[0]) === alike(i) ? 1 : 0))),
  };
}

for (const embedded of [2, 1]) {
  test(`loss and accuracy agree with plain loops; the method embedded ${embedded} crops`, async (t) => {
    await withSession(async (session) => {
      const { oppose } = open(session, { embedded });
      const saved = await session.save();
      const run = session.compile('run', () => {
        const { loss, metrics } = oppose();
        return { loss, adversaryLoss: metrics.adversaryLoss, adversaryAccuracy: metrics.adversaryAccuracy };
      });
      const { loss, adversaryLoss, adversaryAccuracy } = await run({});
      const expected = oracle(saved);
      close(t, values(adversaryLoss), [expected.loss], 1e-5);
      close(t, values(adversaryAccuracy), [expected.accuracy], 1e-6);
      close(t, values(loss), [mean(values(saved.crops).map((value) => value ** 2))], 1e-6, "the method's own loss");
    });
  });
}

test('the discriminator learns by the plain gradient', async (t) => {
  await withSession(async (session) => {
    const { adversary, oppose } = open(session);
    t.is(adversary.trained.length, 7);
    const adversaryLoss = () => oppose().metrics.adversaryLoss;
    await checkVariableGradients(t, session, adversary.trained, {}, adversaryLoss, { step: 0.004 });
  });
});

test('the network gets the reversed gradient, times the weight', async (t) => {
  const gradientsAt = (weight: number) =>
    withSession(async (session) => {
      const { adversary, crops, twins, oppose } = open(session, { weight });
      const run = session.compile('run', () => {
        const { gradients } = differentiate(
          () => ({ loss: oppose().loss, aux: {} }),
          [crops, twins, ...adversary.trained],
        );
        return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
      });
      const { crops: ofCrops, twins: ofTwins, ...discriminator } = await run({});
      // What the method's own loss adds.
      const own = values((await session.save(['crops'])).crops).map((value) => (2 * value) / (2 * ROWS * SIZE));
      return { network: [...values(ofCrops).map((g, i) => g - own[i]), ...values(ofTwins)], discriminator };
    });
  const plain = await withSession((session) => {
    const { crops, twins, oppose } = open(session);
    return slopes(session, [crops.name, twins.name], () => oppose().metrics.adversaryLoss);
  });
  const [one, three] = [await gradientsAt(1), await gradientsAt(3)];
  const times = (numbers: number[], factor: number) => numbers.map((value) => factor * value);
  close(t, one.network, times(plain, -1), 2e-3);
  close(t, three.network, times(one.network, 3), 1e-6);
  t.deepEqual(three.discriminator, one.discriminator);
});

/** Central differences of a scalar in every number of some variables, in order. */
async function slopes(session: Session, names: string[], fn: () => Tensor): Promise<number[]> {
  const forward = session.compile('forward', () => ({ y: fn() }));
  const step = 0.004;
  const found: number[] = [];
  for (const name of names) {
    const value = (await session.save([name]))[name];
    for (const place of values(value).keys()) {
      const at = async (by: number) => {
        const data = Float32Array.from(values(value));
        data[place] += by;
        await session.load({ [name]: { ...value, data } });
        return values((await forward({})).y)[0];
      };
      found.push(((await at(step)) - (await at(-step))) / (2 * step));
    }
    await session.load({ [name]: value });
  }
  return found;
}

test('a method with one crop, with clean crops or without a student cannot have one', async (t) => {
  await withSession((session) => {
    const scope = createScope(session, 'adversary', 1);
    const network = sslContext(session, 1, identityBackbone(SIZE)).backbone('network');
    const options = adversaryOptions.parse({});
    t.deepEqual(options, { weight: 3, hiddenSize: 512 });
    const one = () => createAdversary(scope, { networks: { student: network } }, { global: 1 }, options);
    t.throws(one, { instanceOf: UserError, message: /two augmented global crops/ });
    const clean = () => createAdversary(scope, { networks: { student: network } }, { global: 2, clean: true }, options);
    t.throws(clean, { instanceOf: UserError, message: /two augmented global crops/ });
    const nameless = () => createAdversary(scope, { networks: { network } }, { global: 2 }, options);
    t.throws(nameless, { instanceOf: UserError, message: /'student'/ });
  });
});
