import test from 'ava';
import { differentiate } from '../../src/engine/autodiff.js';
import { relu } from '../../src/engine/ops/activations.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { batchNormLayer } from '../../src/nn/batch-norm.js';
import { convLayer } from '../../src/nn/conv.js';
import { countingScope } from '../../src/nn/counting-scope.js';
import type { Layer } from '../../src/nn/layer.js';
import { partScopes } from '../../src/nn/part-scopes.js';
import { createScope, type Scope } from '../../src/nn/scope.js';
import { close } from '../helpers/close.js';
import { normalTensor } from '../helpers/random-values.js';
import { withSession } from '../helpers/session.js';

const [CHANNELS, INNER] = [3, 6];
const plain = (tensor: HostTensor) => tensor.data as Float32Array;

/** 1x1 convolution to `INNER` channels, normalisation, rectifier, 1x1 convolution back, in equal parts of the inner channels. */
function bottleneck(scope: Scope, parts: number): Layer {
  const outputs = partScopes(scope, parts, -1);
  const inputs = partScopes(scope, parts, -2);
  const branches = outputs.map((own, i): Layer => {
    const inner = INNER / parts;
    const expand = convLayer(own.child('expand'), { inputs: CHANNELS, outputs: inner, kernel: [1, 1] });
    const norm = batchNormLayer(own.child('norm'), inner);
    const project = convLayer(inputs[i].child('project'), { inputs: inner, outputs: CHANNELS, kernel: [1, 1] });
    return (x, pass) => project(relu(norm(expand(x), pass)));
  });
  return (x, pass) => branches.map((branch) => branch(x, pass)).reduce((sum, part) => tf.add(sum, part));
}

function run(parts: number) {
  return withSession(async (session) => {
    const scope = createScope(session, 'net', 1);
    const layer = bottleneck(scope, parts);
    const step = session.compile('step', ({ x }: Record<string, Tensor>) => {
      const { gradients } = differentiate(
        () => ({ loss: tf.mean(tf.square(layer(x, { training: true }))), aux: {} }),
        scope.params(),
      );
      return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
    });
    const gradients: Record<string, HostTensor> = await step({ x: normalTensor([2, 4, 5, CHANNELS], 'x') });
    return { gradients, values: await session.save() };
  });
}

for (const parts of [2, 3, 6]) {
  test(`a layer in ${parts} parts has the variables, gradients and statistics of the whole`, async (t) => {
    const [whole, cut] = [await run(1), await run(parts)];
    t.deepEqual(Object.keys(cut.values), Object.keys(whole.values));
    for (const kind of ['values', 'gradients'] as const)
      for (const [name, { shape, data }] of Object.entries(whole[kind])) {
        t.deepEqual(cut[kind][name].shape, shape, name);
        close(t, plain(cut[kind][name]), data as Float32Array, 1e-6, `${kind} ${name}`);
      }
  });
}

test('one part is the scope itself', (t) => {
  const { scope } = countingScope();
  t.deepEqual(partScopes(scope, 1, -1), [scope]);
});
