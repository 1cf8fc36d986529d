import test from 'ava';
import { createScope } from '../../src/nn/scope.js';
import { embedder, liveIn } from '../helpers/networks/backbone-session.js';
import { testBackbone } from '../helpers/networks/backbone-tests.js';
import { backboneOf } from '../helpers/networks/build-backbone.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

testBackbone('repvgg-a0', { width: 2 });

test('the fused form is the function of the branches', async (t) => {
  const features = normalTensor([2, 37, 20], 'x');
  const embedded = async (fused: boolean) => {
    const build = await backboneOf('repvgg-a0', { width: 4, embeddingSize: 16, fused }, 20);
    return withSession(async (session) => {
      const scope = createScope(session, 'network', 1);
      const backbone = build(scope);
      await liveIn(session, scope);
      const { data } = await embedder(session, backbone)(features);
      return data as Float32Array;
    });
  };
  const [branches, fused] = [await embedded(false), await embedded(true)];
  const error = Math.hypot(...branches.map((value, i) => fused[i] - value));
  t.true(error <= 1e-5 * Math.hypot(...branches), `relative error ${error / Math.hypot(...branches)}`);
  t.notDeepEqual(fused, branches, 'the two are computed in different ways');
});
