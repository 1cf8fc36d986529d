import test from 'ava';
import { type HostTensor, int32 } from '../../src/host-tensor.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { createScope } from '../../src/nn/scope.js';
import { layerOutputs } from '../../src/nn/taps.js';
import { close } from '../helpers/close.js';
import { embedder, liveIn } from '../helpers/networks/backbone-session.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [BINS, SIZE, WIDTH] = [20, 6, 4];
const INNER = { width: WIDTH, embeddingSize: SIZE, pooling: 'tstp' };
const OF = Object.assign({ name: 'tdnn' }, INNER);
const PARTS = [
  { layers: ['features'], weight: 0.5 },
  { layers: ['features', 'layer1'], weight: 2 },
];
const SIZES = [BINS, BINS + 2 * WIDTH];
const LENGTHS = [9, 14];

const numbersOf = ({ data }: HostTensor) => Array.from(data as Float32Array);
const unit = (values: readonly number[]) => values.map((value) => value / Math.hypot(...values));

/** Mean and deviation over the frames [frames][channels], with Bessel's correction and the floor 1e-7. */
function momentsOf(frames: readonly number[][]) {
  const channels = frames[0].map((_, c) => frames.map((frame) => frame[c]));
  const means = channels.map((values) => values.reduce((a, b) => a + b) / values.length);
  const deviations = channels.map((values, c) =>
    Math.sqrt(values.reduce((sum, value) => sum + (value - means[c]) ** 2, 0) / (values.length - 1) + 1e-7),
  );
  return { means, deviations };
}

test('the parts behind the embedding are normalised moments of the valid frames, each of its own length', async (t) => {
  const build = await backboneOf('with-moments', { of: OF, parts: PARTS }, BINS);
  const inner = await backboneOf('tdnn', INNER, BINS);
  await withSession(async (session) => {
    const scope = createScope(session, 'network', 1);
    const backbone = build(scope);
    t.is(backbone.embeddingSize, SIZE + SIZES[0] + SIZES[1]);
    await liveIn(session, scope);
    const maps = SIZES.map((size, i) => ({
      mean: normalTensor([size], `mean${i}`),
      matrix: normalTensor([size, size], `matrix${i}`),
    }));
    for (const [i, { mean, matrix }] of maps.entries())
      await session.load({ [`network/moments${i + 1}/mean`]: mean, [`network/moments${i + 1}/matrix`]: matrix });

    const features = normalTensor([2, 14, BINS], 'x');
    const values = features.data as Float32Array;
    // Frames beyond a row's end are zeros, as extraction has them.
    values.fill(0, LENGTHS[0] * BINS, 14 * BINS);
    const all = (await embedder(session, backbone)(features, int32(LENGTHS))).data as Float32Array;

    // The network itself, its first layer included, in a scope of its own with the same weights.
    const alone = createScope(session, 'alone', 1);
    const network = inner(alone);
    await liveIn(session, alone);
    const tapped = session.compile('tapped', ({ x, lengths }) => {
      const outputs = layerOutputs(network, x, { training: false, lengths });
      return { embedding: outputs.get('embedding')!, layer1: outputs.get('layer1')! };
    });
    const { embedding, layer1 } = await tapped({ x: features, lengths: int32(LENGTHS) });
    const rowOf = (data: ArrayLike<number>, width: number, row: number) =>
      Array.from(data).slice(row * width, (row + 1) * width);
    const framesOf = (data: ArrayLike<number>, channels: number, row: number) =>
      Array.from({ length: LENGTHS[row] }, (_, frame) => rowOf(data, channels, row * 14 + frame));
    for (const row of [0, 1]) {
      const { deviations } = momentsOf(framesOf(values, BINS, row));
      const first = momentsOf(framesOf(numbersOf(layer1), WIDTH, row));
      const moments = [deviations, deviations.concat(first.means, first.deviations)];
      const parts = moments.map((vector, i) => {
        const [mean, matrix] = [maps[i].mean, maps[i].matrix].map(numbersOf);
        const mapped = vector.map((_, axis) =>
          vector.reduce((sum, value, j) => sum + matrix[axis * vector.length + j] * (value - mean[j]), 0),
        );
        return unit(mapped).map((value) => Math.sqrt(PARTS[i].weight) * value);
      });
      const expected = unit(rowOf(numbersOf(embedding), SIZE, row)).concat(parts.flat());
      close(t, rowOf(all, expected.length, row), expected, 1e-4, `row ${row}`);
    }
  });
});

test('layers that are not there, or have no frames, are refused by name', async (t) => {
  const built = async (layers: string[]) =>
    (await backboneOf('with-moments', { of: OF, parts: [{ layers, weight: 1 }] }, BINS))(countingScope().scope);
  await t.throwsAsync(built(['layer9']), { message: /no layer 'layer9'; known: features, layer1, layer2/ });
  await t.throwsAsync(built(['embedding']), {
    message: /'embedding' has one vector for the utterance.*features, layer1/,
  });
});
