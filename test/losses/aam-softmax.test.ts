import test from 'ava';
import type { Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor, int32 } from '../../src/host-tensor.js';
import aamSoftmax from '../../src/losses/aam-softmax.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { checkVariableGradients } from '../helpers/finite-differences.js';
import { aamLosses, cosine, logSoftmax, rowsOf, transposed } from '../helpers/oracles/losses.js';
import { normals, normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [SIZE, CLASSES] = [4, 5];
const plain = (tensor?: HostTensor) => tensor!.data as Float32Array;
const moment = () => ({ step: tf.scalar(0), margin: tf.scalar(1) });

function open(session: Session, options: { margin: number; scale: number }, classes = CLASSES) {
  const scope = createScope(session, 'head', 1);
  const head = aamSoftmax.build({ scope, embeddingSize: SIZE, classes, options });
  const run = session.compile('run', ({ x, labels }: Record<string, Tensor>) => head.losses(x, labels, moment()));
  return { head, scope, run };
}

for (const margin of [0, 0.2, 0.5, 1.5]) {
  test(`losses and scores agree with the formula at margin ${margin}`, async (t) => {
    await withSession(async (session) => {
      const { head, run } = open(session, { margin, scale: 8 });
      const prototypes = normals(SIZE * CLASSES, 'prototypes', 3);
      const prototypeRows = transposed(rowsOf(prototypes, CLASSES));
      await session.load({ [head.prototypes!.name]: float32(prototypes, [SIZE, CLASSES]) });
      // Rows of any length at any angle; some point away from their own prototype, beyond pi - margin.
      const labels = Array.from({ length: 40 }, (_, i) => i % CLASSES);
      const x = normals(40 * SIZE, 'x', 2);
      for (const row of [0, 7, 13, 21]) {
        const away = prototypeRows[labels[row]];
        away.forEach((value, i) => {
          x[row * SIZE + i] = 0.1 * x[row * SIZE + i] - value;
        });
      }
      const embeddings = rowsOf(x, SIZE);
      const past = embeddings.filter((row, i) => Math.acos(cosine(row, prototypeRows[labels[i]])) > Math.PI - margin);
      t.is(past.length > 0, margin > 0);
      const { losses, scores } = await run({ x: float32(x, [40, SIZE]), labels: int32(labels) });
      close(t, plain(losses), aamLosses(embeddings, prototypeRows, labels, { margin, scale: 8 }), 2e-5, 'losses');
      const cosines = embeddings.flatMap((row) => prototypeRows.map((prototype) => cosine(row, prototype)));
      close(t, plain(scores), cosines, 1e-6, 'scores have no margin');
      if (margin > 0) return;
      const softmax = rowsOf(cosines, CLASSES).map((row, i) => -logSoftmax(row.map((value) => 8 * value))[labels[i]]);
      close(t, plain(losses), softmax, 2e-5, 'no margin: the normalised softmax');
    });
  });
}

test('the loss goes on rising past pi - margin, without a jump', async (t) => {
  await withSession(async (session) => {
    const margin = 0.5;
    const { head, run } = open(session, { margin, scale: 4 }, 2);
    await session.load({ [head.prototypes!.name]: float32([1, 0, 0, 1, 0, 0, 0, 0], [SIZE, 2]) });
    const turning = Math.PI - margin;
    const angles = [turning - 0.1, turning - 1e-3, turning + 1e-3, turning + 0.1, Math.PI - 0.1];
    // Perpendicular to the other prototype at every angle.
    const x = angles.flatMap((angle) => [Math.cos(angle), 0, Math.sin(angle), 0]);
    const losses = plain((await run({ x: float32(x, [5, SIZE]), labels: int32([0, 0, 0, 0, 0]) })).losses);
    t.deepEqual(
      [...losses].sort((a, b) => a - b),
      [...losses],
    );
    t.true(losses[2] - losses[1] < 0.01);
  });
});

test('gradients in embeddings and prototypes, past pi - margin too', async (t) => {
  await withSession(async (session) => {
    const { head, scope } = open(session, { margin: 0.8, scale: 6 });
    // Long vectors make the differences' step a small turn.
    const prototypes = normalTensor([SIZE, CLASSES], 'prototypes', 2);
    const embeddings = normals(6 * SIZE, 'x', 2);
    for (let i = 0; i < SIZE; i++)
      embeddings[5 * SIZE + i] = 0.5 * normals(SIZE, 'off')[i] - plain(prototypes)[i * CLASSES];
    await session.load({ [head.prototypes!.name]: prototypes });
    const x = session.variable('x', [6, SIZE], float32(embeddings, [6, SIZE]));
    const opposite = cosine(rowsOf(embeddings, SIZE)[5], transposed(rowsOf(plain(prototypes), CLASSES))[0]);
    t.true(Math.acos(opposite) > Math.PI - 0.7);
    const forward = ({ labels }: Record<string, Tensor>) => head.losses(x.read(), labels, moment()).losses;
    await checkVariableGradients(t, session, [x, ...scope.params()], { labels: int32([0, 1, 2, 3, 4, 0]) }, forward);
  });
});

test('an embedding on its prototype, or opposite to it, has finite losses and gradients', async (t) => {
  await withSession(async (session) => {
    const { head } = open(session, { margin: 0.2, scale: 32 }, 2);
    await session.load({ [head.prototypes!.name]: float32([2, 0, 0, 2, 0, 0, 0, 0], [SIZE, 2]) });
    const x = session.variable('x', [3, SIZE], float32([5, 0, 0, 0, -5, 0, 0, 0, 0, 0, 0, 0], [3, SIZE]));
    const run = session.compile('run', ({ labels }: Record<string, Tensor>) => ({
      losses: head.losses(x.read(), labels, moment()).losses,
      gradient: tf.grad((rows: Tensor) => head.losses(rows, labels, moment()).losses)(x.read()),
    }));
    const { losses, gradient } = await run({ labels: int32([0, 0, 0]) });
    t.true([...plain(losses), ...plain(gradient)].every(Number.isFinite));
    t.true(plain(losses)[0] < 1e-3 && plain(losses)[1] > 32);
  });
});

test('options outside the sensible are refused', (t) => {
  t.deepEqual(aamSoftmax.options.parse({}), { margin: 0.2, scale: 32 });
  t.false(aamSoftmax.options.safeParse({ margin: -0.1 }).success);
  t.false(aamSoftmax.options.safeParse({ margin: 4 }).success);
  t.false(aamSoftmax.options.safeParse({ scale: 0 }).success);
});
