/**
 * Compares the gradients of reversible networks with those computed with every activation stored: same weights, same batch, float32.
 *
 *   node dist/bench/memory/gradient-error.js [--backbones frev-resnet34,prev-resnet34] [--width 32] [--batch 2] [--frames 64] [--json]
 *
 * Error: norm of the difference over norm of the gradient, of all weights together and of the worst single one.
 */
import { parseArgs } from 'node:util';
import { builtIns } from '../../src/builtins.js';
import { differentiate } from '../../src/engine/autodiff.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { createRng } from '../../src/random.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';

const { values } = parseArgs({
  options: {
    backbones: { type: 'string' },
    width: { type: 'string', default: '32' },
    batch: { type: 'string', default: '2' },
    frames: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
});
const [width, batch, frames] = [values.width, values.batch, values.frames].map(Number);
const BINS = 80;
const registry = createRegistry(builtIns);
const names = values.backbones?.split(',') ?? registry.names('backbone').filter((name) => /^[fp]rev-/.test(name));

const rng = createRng('gradient-error');
const x = float32(
  Float32Array.from({ length: batch * frames * BINS }, () => rng.normal()),
  [batch, frames, BINS],
);

/** Gradients of a random projection of the embedding, by weight. */
async function gradientsOf(name: string, recompute: boolean): Promise<Record<string, HostTensor>> {
  const choice = await choosePlugin(registry, 'backbone', name, { width, recompute });
  const build = await backboneBuilder(registry, choice, BINS);
  return withSession({ device: 'cpu', threads: 0, seed: 0, name: 'gradient-error' }, (session) => {
    const scope = createScope(session, 'network', 1);
    const backbone = build(scope);
    const step = session.compile('step', ({ x }: Record<string, Tensor>) => {
      const { gradients } = differentiate(() => {
        const vectors = backbone.embed(x, { training: true });
        const directions = tf.sin(tf.range(0, vectors.size, 1));
        return { loss: tf.sum(tf.mul(tf.reshape(vectors, [-1]), directions)), aux: {} };
      }, scope.params());
      return Object.fromEntries(gradients.map(({ variable, gradient }) => [variable.name, gradient]));
    });
    return step({ x });
  });
}

/** Squared norms of the difference and of the reference. */
function squares(a: HostTensor, b: HostTensor): { difference: number; reference: number } {
  let [difference, reference] = [0, 0];
  for (let i = 0; i < a.data.length; i++) {
    const [u, v] = [Number(a.data[i]), Number(b.data[i])];
    difference += (u - v) ** 2;
    reference += v * v;
  }
  return { difference, reference };
}

const rows: { backbone: string; error: number; worst: number; worstWeight: string }[] = [];
for (const backbone of names) {
  const [again, stored] = [await gradientsOf(backbone, true), await gradientsOf(backbone, false)];
  const parts = Object.entries(stored).map(([name, value]) => ({ name, ...squares(again[name], value) }));
  const total = (key: 'difference' | 'reference') => parts.reduce((sum, part) => sum + part[key], 0);
  const errors = parts.map(({ name, difference, reference }) => ({ name, error: Math.sqrt(difference / reference) }));
  const worst = errors.reduce((most, one) => (one.error > most.error ? one : most));
  rows.push({
    backbone,
    error: Math.sqrt(total('difference') / total('reference')),
    worst: worst.error,
    worstWeight: worst.name,
  });
  const { error } = rows.at(-1)!;
  process.stderr.write(
    `${backbone}: ${error.toExponential(1)}, worst ${worst.error.toExponential(1)} (${worst.name})\n`,
  );
}
if (values.json) console.log(JSON.stringify({ width, batch, frames, rows }));
else
  for (const { backbone, error, worst } of rows) console.log(backbone, error.toExponential(2), worst.toExponential(2));
