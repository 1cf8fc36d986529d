import test from 'ava';
import { bytesPerElement, sizeOf } from '../../src/host-tensor.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import { createOptimizer, optimizerOptions } from '../../src/optim/optimizer.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';

/** Bytes of all states of a backbone's weights, and of those of its largest weight. */
async function stateBytes(backbone: string, fields: Record<string, unknown>) {
  const network = countingScope();
  (await backboneOf(backbone))(network.scope);
  const trained = network.scope.params();
  const { states } = createOptimizer(countingScope().scope, trained, optimizerOptions.parse(fields));
  const bytes = (of: typeof states) =>
    of.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesPerElement(dtype), 0);
  const largest = [...trained].sort((a, b) => sizeOf(b.shape) - sizeOf(a.shape))[0];
  return {
    whole: bytes(states),
    largest: bytes(states.filter(({ name }) => name.endsWith(`/${largest.name}`))),
    values: trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}

for (const [name, states] of [
  ['sgd', 1],
  ['lars', 1],
  ['adam', 2],
  ['adamw', 2],
] as const) {
  test(`${name}: the states of ResNet34 take 74.48 % less in 8 bit`, async (t) => {
    const wide = await stateBytes('resnet34', { name });
    t.is(wide.whole, 4 * states * wide.values);
    const narrow = await stateBytes('resnet34', { name, stateBits: 8 });
    t.is((100 * (1 - narrow.whole / wide.whole)).toFixed(2), '74.48');
    // A byte instead of four, and a scale of four bytes for 256 of them.
    t.is((100 * (1 - narrow.largest / wide.largest)).toFixed(2), '74.61');
  });
}
