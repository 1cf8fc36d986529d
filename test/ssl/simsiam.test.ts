import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import type { Session } from '../../src/engine/session/session.js';
import type { Tensor } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { relativeSpread as spreadInGraph } from '../../ssl/parts/other-view.js';
import simsiam from '../../ssl/simsiam.js';
import { close } from '../helpers/close.js';
import { drawWeights } from '../helpers/networks/draw-weights.js';
import { normed, perceptron } from '../helpers/oracles/dino-head.js';
import { cosine, mean, type Rows, rowsOf } from '../helpers/oracles/losses.js';
import { relativeSpread } from '../helpers/oracles/spread.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';
import { noiseBatch, smallPretrainer } from '../helpers/training/small-training.js';
import { identityBackbone, sslContext } from '../helpers/training/ssl-parts.js';
import { lossOn, runLoss } from '../helpers/training/ssl-runs.js';

const [SIZE, BATCH] = [6, 4];
const SMALL = { projection: [10, 10, 7], bottleneckSize: 3 };
const plain = (tensor: HostTensor) => tensor.data as Float32Array;
const relu = (x: number): number => Math.max(0, x);
type Weights = Record<string, HostTensor>;

async function open(session: Session) {
  const options = simsiam.options.parse(SMALL);
  const method = simsiam.build({ ...sslContext(session, 1, identityBackbone(SIZE)), options });
  await drawWeights(session);
  return method;
}

/** Projections end in a batch normalisation without scale and offset. */
const projected = (weights: Weights, rows: Rows): number[][] =>
  normed(weights, 'ssl/projector/layer3', perceptron(weights, 'ssl/projector', 3, rows, relu));

/** Mean of both directions' negative cosine, against targets that stay as they are. */
function lossOf(weights: Weights, rows: Rows, targets: Rows): number {
  const predictions = perceptron(weights, 'ssl/predictor', 2, projected(weights, rows), relu);
  const direction = (from: number, to: number) =>
    mean(Array.from({ length: BATCH }, (_, i) => -cosine(predictions[from * BATCH + i], targets[to * BATCH + i])));
  return direction(0, 1) / 2 + direction(1, 0) / 2;
}

test('the loss is the formula, and so is the spread that shows collapse', async (t) => {
  await withSession(async (session) => {
    const method = await open(session);
    const weights = await session.save();
    t.true('ssl/projector/layer3/norm/mean' in weights);
    t.false('ssl/projector/layer3/norm/scale' in weights, 'the last normalisation learns nothing');
    const global = normalTensor([2 * BATCH, 1, SIZE], 'global');
    const result = await runLoss(session, method, BATCH, { global });
    const rows = rowsOf(plain(global), SIZE);
    const projections = projected(weights, rows);
    const expected = lossOf(weights, rows, projections);
    close(t, [result.loss, result.cosine], [expected, -expected], 1e-5);
    close(t, [result.projectionSpread], [relativeSpread(projections)], 1e-5, 'spread');
  });
});

test('the gradient is that of the loss with fixed targets', async (t) => {
  await withSession(async (session) => {
    const method = await open(session);
    const weights = await session.save();
    const global = normalTensor([2 * BATCH, 1, SIZE], 'global');
    const rows = rowsOf(plain(global), SIZE);
    const targets = projected(weights, rows);
    const backward = session.compile('backward', (tensors: Record<string, Tensor>) => {
      const loss = () => ({ loss: lossOn(method, BATCH)(tensors).loss, aux: {} });
      return Object.fromEntries(
        differentiate(loss, method.trained).gradients.map(({ variable, gradient }) => [variable.name, gradient]),
      );
    });
    const gradients = await backward({ global });
    t.is(Object.keys(gradients).length, 3 + 3 + 1 + 3 + 2, 'projector and predictor');
    for (const [name, gradient] of Object.entries(gradients)) {
      const data = plain(weights[name]);
      const width = 1e-4;
      const at = (place: number, by: number) => {
        // In float64, as the oracle computes.
        const moved = Float64Array.from(data);
        moved[place] += by;
        const tensor = { ...weights[name], data: moved as unknown as Float32Array };
        return lossOf({ ...weights, [name]: tensor }, rows, targets);
      };
      const places = [0, Math.floor(data.length / 3), Math.floor(data.length / 2), data.length - 1];
      const numeric = places.map((place) => (at(place, width) - at(place, -width)) / (2 * width));
      close(
        t,
        places.map((place) => plain(gradient)[place]),
        numeric,
        1e-4,
        name,
      );
    }
  });
});

test('the spread is 0 where all projections point one way, whatever their lengths', async (t) => {
  await withSession(async (session) => {
    const run = session.compile('run', ({ x }: Record<string, Tensor>) => ({ spread: spreadInGraph(x) }));
    const { spread } = await run({ x: float32(Float32Array.of(1, 2, 3, 6, 0.5, 1), [3, 2]) });
    close(t, plain(spread), [0], 1e-6);
  });
});

test('a step trains network, projector and predictor', async (t) => {
  await withSession(async (session) => {
    const options = simsiam.options.parse(SMALL);
    const trainer = smallPretrainer(
      session,
      { name: 'sgd' },
      { crops: simsiam.views(options), build: (context) => simsiam.build({ ...context, options }) },
    );
    const before = await session.save();
    const metrics = await trainer.step(noiseBatch(0, { global: 2, local: 0 }), 0, { rate: 0.1 });
    t.true(metrics.loss >= -1 && metrics.loss <= 1 && metrics.projectionSpread > 0);
    const after = await session.save();
    for (const { name } of trainer.method.trained) t.notDeepEqual(after[name], before[name], `${name} learns`);
    t.deepEqual(Object.keys(trainer.method.networks), ['student']);
  });
});

test('two global crops; one utterance is refused', (t) => {
  const options = simsiam.options.parse({});
  t.deepEqual(simsiam.views(options), { global: 2, local: 0 });
  t.deepEqual(simsiam.check!(options, { batch: 2 }), []);
  t.regex(simsiam.check!(options, { batch: 1 }).join(), /simsiam.*at least 2 utterances/);
});
