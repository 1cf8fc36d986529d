import test, { type ExecutionContext } from 'ava';
import type { Tensor } from '../../../src/engine/tf.js';
import { type HostTensor, int32 } from '../../../src/host-tensor.js';
import { concatenateCondition } from '../../../src/nn/conditioning/concatenation.js';
import { conditioningLayer, conditionings } from '../../../src/nn/conditioning/conditioning.js';
import { crossAttention } from '../../../src/nn/conditioning/cross-attention.js';
import { filmLayer } from '../../../src/nn/conditioning/film.js';
import { createScope, type Scope } from '../../../src/nn/scope.js';
import { close } from '../../helpers/close.js';
import { checkGradients, checkVariableGradients } from '../../helpers/finite-differences.js';
import { drawWeights } from '../../helpers/networks/draw-weights.js';
import { naiveMatMul, naiveSoftmax } from '../../helpers/oracles/naive-array.js';
import { normalTensor } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const [BATCH, TIME, CHANNELS, SIZE] = [2, 3, 4, 5];
const x = normalTensor([BATCH, TIME, CHANNELS], 'map');
const condition = normalTensor([BATCH, SIZE], 'condition');

type Layer = (scope: Scope) => (tensors: Record<string, Tensor>) => Tensor;

const film: Layer = (scope) => {
  const layer = filmLayer(scope, { size: SIZE, channels: CHANNELS });
  return (at) => layer(at.x, at.condition, { training: true, lengths: at.lengths });
};

/** Values of a layer with drawn weights, and these by their names below its scope. */
async function valuesOf(t: ExecutionContext, build: Layer, inputs: Record<string, HostTensor>, gradients = true) {
  return withSession(async (session) => {
    const scope = createScope(session, 'layer', 0);
    const apply = build(scope);
    await drawWeights(session);
    const run = session.compile('run', (tensors: Record<string, Tensor>) => ({ y: apply(tensors) }));
    const { y } = await run(inputs);
    const variables = scope.params();
    const saved = await session.save(variables.map(({ name }) => name));
    if (gradients) await checkVariableGradients(t, session, variables, inputs, apply);
    const weights = (name: string) => saved[`layer/${name}`].data as Float32Array;
    return { y, weights };
  });
}

/** W v + b in float64. // [rows, outputs] */
function affine(rows: ArrayLike<number>, inputs: number, name: string, weights: (name: string) => Float32Array) {
  const bias = weights(`${name}/bias`);
  const product = naiveMatMul(rows.length / inputs, inputs, bias.length, rows, weights(`${name}/weight`));
  return product.map((value, i) => value + bias[i % bias.length]);
}

const numbers = ({ data }: HostTensor) => data as Float32Array;

test('FiLM scales and shifts every channel by what the vector says, and leaves what is behind a row silent', async (t) => {
  const lengths = int32([3, 2]);
  const { y, weights } = await valuesOf(t, film, { x, condition, lengths });
  const gamma = affine(numbers(condition), SIZE, 'scale', weights);
  const beta = affine(numbers(condition), SIZE, 'shift', weights);
  const expected = numbers(x).map((value, at) => {
    const [row, frame, channel] = [Math.floor(at / (TIME * CHANNELS)), Math.floor(at / CHANNELS) % TIME, at % CHANNELS];
    if (row === 1 && frame === 2) return 0;
    return (1 + gamma[row * CHANNELS + channel]) * value + beta[row * CHANNELS + channel];
  });
  close(t, numbers(y), expected, 1e-5);
});

test('FiLM begins as the identity', async (t) => {
  await withSession(async (session) => {
    const apply = film(createScope(session, 'layer', 0));
    const run = session.compile('run', (tensors: Record<string, Tensor>) => ({ y: apply(tensors) }));
    t.deepEqual(numbers((await run({ x, condition })).y), numbers(x));
  });
});

test('a concatenated vector stands beside every frame of its row', async (t) => {
  const build: Layer = () => (at) => concatenateCondition(at.x, at.condition, { training: true, lengths: at.lengths });
  const { y } = await valuesOf(t, build, { x, condition, lengths: int32([1, 3]) }, false);
  t.deepEqual(y.shape, [BATCH, TIME, CHANNELS + SIZE]);
  const expected: number[] = [];
  for (let row = 0; row < BATCH; row++)
    for (let frame = 0; frame < TIME; frame++) {
      const at = (row * TIME + frame) * CHANNELS;
      for (const value of numbers(x).subarray(at, at + CHANNELS)) expected.push(value);
      const vector = numbers(condition).subarray(row * SIZE, (row + 1) * SIZE);
      expected.push(...vector.map((value) => (row === 0 && frame > 0 ? 0 : value)));
    }
  // Zeros of either sign are zeros.
  t.deepEqual(
    Array.from(numbers(y), (value) => value + 0),
    expected,
  );
  await checkGradients(t, { x, condition }, (at) => concatenateCondition(at.x, at.condition, { training: true }));
});

test('frames attend to the vectors that count', async (t) => {
  const [heads, width, count] = [2, 6, 3];
  const vectors = normalTensor([BATCH, count, SIZE], 'vectors');
  const counts = int32([3, 2]);
  const build: Layer = (scope) => {
    const attend = crossAttention(scope, { size: SIZE, channels: CHANNELS, width, heads });
    return (at) => attend(at.x, at.vectors, { training: true }, at.counts);
  };
  const { y, weights } = await valuesOf(t, build, { x, vectors, counts });
  const [query, key, value] = [
    affine(numbers(x), CHANNELS, 'query', weights),
    affine(numbers(vectors), SIZE, 'key', weights),
    affine(numbers(vectors), SIZE, 'value', weights),
  ];
  const heard = new Float64Array(BATCH * TIME * width);
  const ofHead = width / heads;
  for (let row = 0; row < BATCH; row++)
    for (let frame = 0; frame < TIME; frame++)
      for (let head = 0; head < heads; head++) {
        const place = (row * TIME + frame) * width + head * ofHead;
        const known = (counts.data as Int32Array)[row];
        const scores = Array.from({ length: known }, (_, k) => {
          let sum = 0;
          for (let i = 0; i < ofHead; i++) sum += query[place + i] * key[(row * count + k) * width + head * ofHead + i];
          return sum / Math.sqrt(ofHead);
        });
        const shares = naiveSoftmax(known, scores);
        for (let i = 0; i < ofHead; i++)
          for (let k = 0; k < known; k++)
            heard[place + i] += shares[k] * value[(row * count + k) * width + head * ofHead + i];
      }
  const added = affine(heard, width, 'out', weights);
  close(
    t,
    numbers(y),
    added.map((sum, i) => sum + numbers(x)[i]),
    1e-5,
  );
});

test('every kind of conditioning is one interface, through which the vector has a gradient', async (t) => {
  for (const kind of conditionings) {
    await withSession(async (session) => {
      const layer = conditioningLayer(createScope(session, kind, 0), kind, { size: SIZE, channels: CHANNELS });
      await drawWeights(session);
      const run = session.compile('run', (at: Record<string, Tensor>) => ({
        y: layer.apply(at.x, at.condition, { training: true }),
      }));
      const { y } = await run({ x, condition });
      t.deepEqual(y.shape, [BATCH, TIME, layer.channels], kind);
      const other = await run({ x, condition: normalTensor([BATCH, SIZE], 'another') });
      t.notDeepEqual(numbers(other.y), numbers(y), `${kind} follows the vector`);
    });
  }
  t.throws(() => crossAttention({ path: 'here' } as Scope, { size: 2, channels: 3, heads: 2 }), {
    message: /no multiple of 2 heads/,
  });
});
