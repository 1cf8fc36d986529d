import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor, int32 } from '../../src/host-tensor.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { cosineLoss, decoupledLoss, klLoss, meanSquareLoss, relationLosses } from '../helpers/oracles/distillation.js';
import type { Rows } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { newRegistry } from '../helpers/recipes/run-stage.js';
import { withSession } from '../helpers/session.js';
import { rows } from '../helpers/training/open-loss.js';

const [ROWS, SIZE, TEACHER_SIZE] = [6, 4, 7];
const labels = [0, 3, 1, 1, 2, 0];
const registry = newRegistry();
const unitRows = (matrix: Rows): number[][] => matrix.map((row) => row.map((value) => value / Math.hypot(...row)));

interface Case {
  name: string;
  options: Record<string, unknown>;
  oracle(student: Rows, teacher: Rows): number;
}

const soft = { temperature: 3, scale: 2 };
/** Every registered loss needs an entry. */
const cases: Case[] = [
  { name: 'mean-square', options: {}, oracle: (s, t) => 2 * cosineLoss(s, t) },
  { name: 'mean-square', options: { normalise: false }, oracle: meanSquareLoss },
  { name: 'cosine', options: {}, oracle: cosineLoss },
  { name: 'kl', options: soft, oracle: (s, t) => klLoss(s, t, soft) },
  {
    name: 'decoupled-kl',
    options: { ...soft, alpha: 2, beta: 3 },
    oracle: (s, t) => decoupledLoss(s, t, labels, { ...soft, alpha: 2, beta: 3 }),
  },
  {
    name: 'relations',
    options: { distance: 2, angle: 0 },
    oracle: (s, t) => 2 * relationLosses(unitRows(s), unitRows(t)).distance,
  },
  {
    name: 'relations',
    options: { distance: 1, angle: 3, normalise: false },
    oracle: (s, t) => relationLosses(s, t).distance + 3 * relationLosses(s, t).angle,
  },
];

async function lossOf({ name, options }: Pick<Case, 'name' | 'options'>) {
  const plugin = await registry.load('distillation', name);
  const parsed = plugin.options.parse(options);
  return { plugin, parsed, loss: plugin.build(parsed) };
}

test('every distillation loss has a case here', (t) => {
  t.deepEqual([...new Set(cases.map(({ name }) => name))].sort(), [...registry.names('distillation')].sort());
});

for (const { name, options, oracle } of cases) {
  const title = `${name} ${JSON.stringify(options)}`;

  test(`${title}: the formula, gradients by finite differences, and finite values where vectors degenerate`, async (t) => {
    await withSession(async (session) => {
      const { plugin, loss } = await lossOf({ name, options });
      const size = plugin.compares === 'relations' ? TEACHER_SIZE : SIZE;
      const [s, teacher] = [normalTensor([ROWS, SIZE], 's'), normalTensor([ROWS, size], 't')];
      const student = session.variable('student', [ROWS, SIZE], s);
      const forward = (inputs: Record<string, Tensor>) =>
        loss(student.read(), inputs.teacher, plugin.labels ? inputs.labels : undefined);
      const run = session.compile('run', (inputs: Record<string, Tensor>) => {
        const { loss: value, gradients } = differentiate(() => ({ loss: forward(inputs), aux: {} }), [student]);
        return { value, gradient: gradients[0].gradient };
      });
      const inputs = { teacher, labels: int32(labels) };
      const value = (await run(inputs)).value.data[0] as number;
      close(t, [value], [oracle(rows(s), rows(teacher))], 1e-5, 'loss');
      await checkVariableGradients(t, session, [student], inputs, forward);

      const near = normals(ROWS * SIZE, 'near', 1e-6);
      const degenerate: Record<string, Float32Array> = {
        zero: new Float32Array(ROWS * SIZE),
        identical: new Float32Array(ROWS * SIZE).fill(0.7),
        tiny: near,
        huge: normals(ROWS * SIZE, 'huge', 300),
      };
      for (const [what, data] of Object.entries(degenerate)) {
        await session.load({ student: float32(data, [ROWS, SIZE]) });
        const outputs: Record<string, HostTensor> = await run(inputs);
        for (const output of Object.values(outputs))
          t.true(
            [...output.data].every((x) => Number.isFinite(Number(x))),
            what,
          );
      }
    });
  });

  test(`${title}: nothing where the student gives what the teacher gives`, async (t) => {
    await withSession(async (session) => {
      const { loss } = await lossOf({ name, options });
      const run = session.compile('run', ({ x, labels: classes }: Record<string, Tensor>) => ({
        y: loss(x, x, classes),
      }));
      const { y } = await run({ x: normalTensor([ROWS, SIZE], 'x', 2), labels: int32(labels) });
      t.true(Math.abs(y.data[0] as number) < 1e-6);
    });
  });
}

test('plain divergence is the decoupled one with the weights that it ties to the teacher', async (t) => {
  await withSession(async (session) => {
    const [s, teacher] = [normalTensor([1, SIZE], 's'), normalTensor([1, SIZE], 't')];
    const plain = await lossOf({ name: 'kl', options: soft });
    const scores = rows(teacher)[0].map((score) => Math.exp((score * soft.scale) / soft.temperature));
    const others = 1 - scores[2] / scores.reduce((a, b) => a + b);
    const apart = await lossOf({ name: 'decoupled-kl', options: { ...soft, alpha: 1, beta: others } });
    const run = session.compile('run', ({ a, b, c }: Record<string, Tensor>) => ({
      plain: plain.loss(a, b, undefined),
      apart: apart.loss(a, b, c),
    }));
    const values = await run({ a: s, b: teacher, c: int32([2]) });
    close(t, [values.apart.data[0] as number], [values.plain.data[0] as number], 1e-5, 'divergence');
  });
});

test('relations do not see turns, scale and size: only where utterances lie among each other', async (t) => {
  await withSession(async (session) => {
    const { plugin, parsed, loss } = await lossOf({ name: 'relations', options: { normalise: false } });
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => {
      const turned = tf.concat([tf.mul(tf.reverse(x, 1), 3), tf.zeros([ROWS, 2])], 1);
      return { same: loss(turned, x, undefined), other: loss(tf.square(x), x, undefined) };
    });
    const { same, other } = await run({ x: normalTensor([ROWS, SIZE], 'x') });
    t.true((same.data[0] as number) < 1e-6 && (other.data[0] as number) > 1e-2);
    t.regex(plugin.check!(parsed, { batch: 2 })[0], /relations: it compares triples .* at least 3 utterances/);
    t.deepEqual(plugin.check!(parsed, { batch: 3 }), []);
  });
});
