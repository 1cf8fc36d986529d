import test, { type ExecutionContext } from 'ava';
import type { Tensor } from '../../src/engine/tf.js';
import type { Backbone } from '../../src/nn/backbone.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import type { Scope } from '../../src/nn/scope.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { compareWith, type Oracle, readOracle } from '../helpers/published/compare.js';
import { ownNames } from '../helpers/published/names.js';

/** Megabytes of float32 weights in the papers, and the largest embedding in terms of the oracle's. */
const SIZES = { 'ecapa-lite': 1.2, 'cs-ctcs': 0.96 };

for (const [name, megabytes] of Object.entries(SIZES))
  test(`${name} has the size of its paper, and gives what its formula in PyTorch gives`, async (t) => {
    const oracle = readOracle(name);
    const build = await backboneOf(name, {}, oracle.bins);
    const counting = countingScope();
    build(counting.scope);
    t.is(counting.count(), oracle.parameters!);
    t.true(Math.abs((4 * counting.count()) / 1e6 / megabytes - 1) < 0.01);
    await agrees(t, oracle, build);
  });

test('tdnn with levels gives what its formula in PyTorch gives', async (t) => {
  const oracle = readOracle('tdnn-levels');
  const options = { width: 32, embeddingSize: oracle.size, pooling: 'tstp', embeddingNorm: false, levels: [0, 2, 4] };
  await agrees(t, oracle, await backboneOf('tdnn', options, oracle.bins));
});

/** The network gives the oracle's embeddings, by the oracle's weights. */
async function agrees(t: ExecutionContext, oracle: Oracle, build: (scope: Scope) => Backbone): Promise<void> {
  const network = (scope: Scope) => {
    const { embed } = build(scope);
    return (features: Tensor) => embed(features, { training: false });
  };
  const { cosine, worst } = await compareWith(oracle, network, ownNames);
  t.true(cosine > 1 - 1e-9, `cosine ${cosine}`);
  t.true(worst < 1e-5, `worst difference / rms ${worst}`);
}
