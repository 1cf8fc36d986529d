import test from 'ava';
import { differentiate } from '../../../src/engine/autodiff.js';
import type { Session } from '../../../src/engine/session/session.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { float32, type HostTensor, int32 } from '../../../src/host-tensor.js';
import aamSoftmax from '../../../src/losses/aam-softmax.js';
import kl from '../../../src/losses/distillation/kl.js';
import { createScope } from '../../../src/nn/scope.js';
import { attentionDistance } from '../../../src/train/self-teacher/attention-transfer.js';
import { createSelfTeacher, type SelfTeacherLosses } from '../../../src/train/self-teacher/self-teacher.js';
import { close } from '../../helpers/close.js';
import { checkGradients, checkVariableGradients } from '../../helpers/finite-differences.js';
import { klLoss } from '../../helpers/oracles/distillation.js';
import { aamLosses, cosine, rowsOf, transposed } from '../../helpers/oracles/losses.js';
import { attentionDistances, pooledMoments, refinedMaps } from '../../helpers/oracles/self-teacher.js';
import { normals, normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';
import { plain, rows } from '../../helpers/training/open-loss.js';

const [UTTERANCES, FRAMES, CLASSES, EMBEDDING] = [4, 6, 5, 3];
/** Of three layers, so that one has neighbours on both sides; the first with other channels than the others. */
const CHANNELS = [2, 3, 3];
/** The last sample does not count. */
const [TARGETS, WEIGHTS] = [
  [2, 0, 4, 1],
  [1, 1, 1, 0],
];
const SOFT = { temperature: 2, scale: 4 };
const [MARGIN, SCALE] = [0.2, 4];
const SCHEDULE = { step: 0, margin: 1 };

const layers = CHANNELS.map((size, i) => ({ name: `layer${i + 1}`, size }));
/** The first layer has two frames more, as in front of an unpadded convolution. */
const framesOf = (layer: number) => (layer === 0 ? FRAMES + 2 : FRAMES);
const mapTensors = CHANNELS.map((size, i) => normalTensor([UTTERANCES, framesOf(i), size], `map${i}`));
const scores = normalTensor([UTTERANCES, CLASSES], 'scores', 0.5);
const batch = { scores, targets: int32(TARGETS), weights: float32(WEIGHTS), ...SCHEDULE };

/** A self-teacher with drawn weights, and maps of a network as variables. */
async function open(session: Session) {
  const network = createScope(session, 'network', 1);
  const maps = mapTensors.map(({ shape }, i) => network.param(`map${i + 1}`, [...shape], 0));
  const teacher = createSelfTeacher(
    { session, seed: 1 },
    { layers, width: 2, posteriors: { loss: kl.build(SOFT), weight: 3 }, attentionWeight: 5 },
    {
      classes: CLASSES,
      embeddingSize: EMBEDDING,
      loss: (context) => aamSoftmax.build({ ...context, options: { margin: MARGIN, scale: SCALE } }),
    },
  );
  const weights = teacher.scope.params();
  const drawn = weights.map(({ name, shape }): [string, HostTensor] => {
    const tensor = normalTensor([...shape], name, 0.7);
    // Shares of maps are positive, but for one.
    const fusion = (value: number, i: number) => (/bottom-up2/.test(name) && i === 1 ? -1 : 0.3 + Math.abs(value));
    return [name, /fusion$/.test(name) ? { ...tensor, data: plain(tensor).map(fusion) } : tensor];
  });
  await session.load(Object.fromEntries(drawn.concat(maps.map(({ name }, i) => [name, mapTensors[i]]))));
  const heardOf = () => ({
    name: 'the network',
    outputs: new Map(maps.map((map, i) => [layers[i].name, map.read()])),
    frames: FRAMES + 2,
    shiftMs: 10,
  });
  const lossesOf = ({ scores, targets, weights, step, margin }: Record<string, Tensor>): SelfTeacherLosses =>
    teacher.losses(heardOf(), { scores, targets, weights }, { step, margin });
  const values = async () => {
    const saved = await session.save(weights.map(({ name }) => name));
    return (name: string) => plain(saved[`self-teacher/${name}`]);
  };
  return { teacher, weights, maps, heardOf, lossesOf, values };
}

test('refined maps, posteriors and losses are those of plain loops', async (t) => {
  await withSession(async (session) => {
    const { teacher, lossesOf, heardOf, values } = await open(session);
    const run = session.compile(
      'losses',
      (inputs: Record<string, Tensor>): Record<string, Tensor> => ({ ...lossesOf(inputs) }),
    );
    const actual = await run(batch);
    const weight = await values();
    // The middle of the first layer.
    const maps = mapTensors.map((tensor, i) =>
      rows({ ...tensor, shape: [UTTERANCES * framesOf(i), CHANNELS[i]] }).filter((_, row) => {
        const frame = row % framesOf(i);
        return i > 0 || (frame > 0 && frame <= FRAMES);
      }),
    );
    const refined = refinedMaps(maps, FRAMES, (name) => weight(`pyramid/${name}`));
    const pooled = pooledMoments(refined[2], FRAMES);
    const [matrix, bias] = ['weight', 'bias'].map((name) => weight(`embedding/${name}`));
    const columns = transposed(rowsOf(matrix, EMBEDDING));
    const embeddings = pooled.map((row) =>
      columns.map((column, d) => bias[d] + column.reduce((sum, value, i) => sum + value * row[i], 0)),
    );
    const prototypes = transposed(rowsOf(weight('classifier/prototypes'), CLASSES));
    const cosines = embeddings.map((row) => prototypes.map((prototype) => cosine(row, prototype)));
    const losses = aamLosses(embeddings, prototypes, TARGETS, { margin: MARGIN, scale: SCALE });
    const own = losses.slice(0, 3).reduce((sum, loss) => sum + loss, 0) / 3;
    const posteriors = klLoss(rows(scores), cosines, SOFT);
    const attention = maps.reduce((sum, map, i) => sum + attentionDistances(map, refined[i], FRAMES), 0);
    const named = cosines.filter((row, i) => row.indexOf(Math.max(...row)) === TARGETS[i]).length;
    const expected = { own, posteriors, attention, accuracy: named / UTTERANCES };
    for (const [name, value] of Object.entries(expected)) close(t, plain(actual[name]), [value], 2e-5, name);
    const add = session.compile('add', (inputs: Record<string, Tensor>): Record<string, Tensor> => {
      const { scores, targets, weights, step, margin, main } = inputs;
      const counted = { scores, targets, weights };
      const { loss, aux } = teacher.add({ loss: main, aux: {}, counted }, heardOf(), { step, margin });
      return { loss, ...aux };
    });
    const sum = await add({ ...batch, main: 0.25 });
    close(t, plain(sum.loss), [0.25 + own + 3 * posteriors + 5 * attention], 2e-5, 'loss');
    close(t, plain(sum.classification), [0.25], 0, 'classification');
    close(t, plain(sum.teacherLoss), [own], 2e-5, 'teacherLoss');
  });
});

test('what it teaches has no gradient in the self-teacher, to the bit', async (t) => {
  await withSession(async (session) => {
    const { weights, maps, lossesOf } = await open(session);
    const gradients = (sum: (losses: SelfTeacherLosses, inputs: Record<string, Tensor>) => Tensor, of = weights) =>
      session.compile('gradients', (inputs: Record<string, Tensor>) => {
        const result = differentiate(() => ({ loss: sum(lossesOf(inputs), inputs), aux: {} }), of, true);
        const named = result.gradients.map(({ variable, gradient }) => [variable.name, gradient]);
        return { ...Object.fromEntries(named), count: tf.scalar(named.length) };
      })(batch);
    const { count } = await gradients(({ posteriors, attention }) => tf.add(posteriors, attention));
    t.is(plain(count)[0], 0, 'no path leads there');
    const own = await gradients((losses) => losses.own);
    t.is(plain(own.count)[0], weights.length, 'its own loss reaches all of it');
    const all = await gradients((losses) => tf.addN([losses.own, losses.posteriors, losses.attention]));
    t.deepEqual(all, own);
    // Its own loss reaches the network, too; and the network hears of its attention.
    const reached = async (sum: (losses: SelfTeacherLosses) => Tensor) => {
      const { count: _, ...found } = await gradients(sum, maps);
      return Object.values(found).map((gradient) => plain(gradient).some((value) => Math.abs(value) > 1e-6));
    };
    t.deepEqual(await reached((losses) => losses.own), [true, true, true]);
    t.deepEqual(await reached((losses) => losses.attention), [true, true, true]);
  });
});

test('the gradients of its own loss, in its weights and in the maps, are those of finite differences', async (t) => {
  await withSession(async (session) => {
    const { weights, maps, lossesOf } = await open(session);
    const all = weights.concat(maps);
    await checkVariableGradients(t, session, all, batch, (inputs) => lossesOf(inputs).own, { samples: 6, step: 5e-3 });
  });
});

test("the distance of attention is a plain array's, with its gradient; between 0 and 2", async (t) => {
  const student = normalTensor([2, FRAMES, 3], 'student');
  const teacher = normalTensor([2, FRAMES, 5], 'teacher');
  await checkGradients(t, { student, teacher }, (maps) => attentionDistance(maps.student, maps.teacher));
  await withSession(async (session) => {
    const run = session.compile('distance', (maps: Record<string, Tensor>) => ({
      apart: attentionDistance(maps.student, maps.teacher),
      // Larger numbers are no other attention.
      same: attentionDistance(maps.student, tf.mul(maps.student, 3)),
    }));
    const { apart, same } = await run({ student, teacher });
    const flat = (map: HostTensor) => rows({ ...map, shape: [2 * FRAMES, map.shape[2]] });
    close(t, plain(apart), [attentionDistances(flat(student), flat(teacher), FRAMES)], 1e-6);
    close(t, plain(same), [0], 1e-9);
    // All attention at another frame.
    const peak = (frame: number) => {
      const data = normals(2 * FRAMES, 'none', 0);
      data[frame] = data[FRAMES + frame] = 1;
      return float32(data, [2, FRAMES, 1]);
    };
    close(t, plain((await run({ student: peak(0), teacher: peak(3) })).apart), [2], 1e-6);
  });
});
