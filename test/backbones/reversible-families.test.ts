import test from 'ava';
import type { HostTensor } from '../../src/host-tensor.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { createScope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { embedder, liveIn } from '../helpers/networks/backbone-session.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { naiveReversible } from '../helpers/oracles/reversible.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

/** Parameters of the partially, the fully reversible and the plain network at 80 bins and 256 dimensions. */
const PARAMETERS: Record<string, [number, number, number]> = {
  resnet34: [6_591_680, 6_576_576, 6_634_336],
  resnet50: [10_903_488, 11_128_768, 11_131_360],
  resnet101: [15_909_056, 15_894_336, 15_892_448],
  resnet152: [19_587_008, 19_745_728, 19_814_880],
  resnet221: [23_546_560, 23_896_768, 23_792_224],
  resnet293: [28_380_352, 28_638_656, 28_626_016],
  'df-resnet56': [4_708_416, 4_669_376, 4_693_920],
  'df-resnet110': [7_192_128, 7_275_200, 7_177_632],
  'df-resnet179': [9_840_576, 9_821_632, 9_842_464],
  'df-resnet233': [12_324_288, 12_298_688, 12_326_176],
};

for (const [base, [partial, full, plain]] of Object.entries(PARAMETERS)) {
  test(`the reversible forms of ${base} have nearly its number of parameters`, async (t) => {
    for (const [name, expected] of Object.entries({ [`prev-${base}`]: partial, [`frev-${base}`]: full })) {
      const { scope, count } = countingScope();
      const { embeddingSize, minFrames } = (await backboneOf(name))(scope);
      t.is(embeddingSize, 256);
      t.is(minFrames, 8);
      t.is(count(), expected, name);
      t.true(Math.abs(count() - plain) <= 0.025 * plain, `${name}: ${count()} beside ${plain}`);
    }
  });
}

const NAMES = [
  'prev-resnet34',
  'frev-resnet34',
  'prev-resnet50',
  'frev-resnet50',
  'prev-df-resnet56',
  'frev-df-resnet56',
];

for (const name of NAMES) {
  test(`${name} embeds as plain loops do`, async (t) => {
    const [frames, bins] = [24, 16];
    const features = normalTensor([1, frames, bins], 'x');
    const embedded = async (recompute: boolean) => {
      const build = await backboneOf(name, { width: 2, embeddingSize: 6, recompute }, bins);
      return withSession(async (session) => {
        const scope = createScope(session, 'network', 1);
        const backbone = build(scope);
        await liveIn(session, scope);
        const { data } = await embedder(session, backbone)(features);
        return { vector: data as Float32Array, weights: await session.save() };
      });
    };
    const [again, kept] = [await embedded(true), await embedded(false)];
    t.deepEqual(again.weights, kept.weights);
    const weights = Object.entries(kept.weights).map(([path, value]) => [path.slice('network/'.length), value]);
    const expected = naiveReversible(
      Object.fromEntries(weights) as Record<string, HostTensor>,
      features.data as Float32Array,
      [frames, bins],
    );
    const scale = Math.max(...expected.map(Math.abs));
    const scaled = (values: ArrayLike<number>) => Array.from(values, (value) => value / scale);
    close(t, scaled(again.vector), scaled(expected), 2e-5, 'recomputed');
    close(t, scaled(kept.vector), scaled(expected), 2e-5, 'kept');
  });
}
