/**
 * Times an optimizer's whole update, without forward and backward pass, with its states in 32 and in 8 bit.
 *
 *   npm run build && node dist/bench/speed/optimizer-step.js [--backbone resnet34] [--optimizers sgd,adam,adamw,lars]
 *                    [--rounds 15] [--threads 2] [--piece 65536] [--json]
 *
 * Gradients are made in the graph, as a backward pass would hand them over; making them is timed apart and subtracted. Prints the
 * best of all rounds in ms, the bytes of the states, and the most that an update holds beside weights and states: gradients, mostly.
 */
import { parseArgs } from 'node:util';
import { builtIns } from '../../src/builtins.js';
import { openSession, type Session } from '../../src/engine/session/session.js';
import { type Tensor, tf } from '../../src/engine/tf.js';
import type { Variable } from '../../src/engine/variable.js';
import { bytesPerElement, sizeOf } from '../../src/host-tensor.js';
import { createScope } from '../../src/nn/scope.js';
import { PIECE } from '../../src/optim/eight-bit.js';
import { createOptimizer, optimizerOptions } from '../../src/optim/optimizer.js';
import { createRegistry } from '../../src/pipeline/registry/registry.js';
import { choosePlugin } from '../../src/plugin/choose-plugin.js';
import { backboneBuilder } from '../../src/stages/training/resolve-plugins.js';

const { values } = parseArgs({
  options: {
    backbone: { type: 'string', default: 'resnet34' },
    optimizers: { type: 'string', default: 'sgd,adam,adamw,lars' },
    rounds: { type: 'string', default: '15' },
    threads: { type: 'string', default: '2' },
    piece: { type: 'string', default: String(PIECE) },
    json: { type: 'boolean', default: false },
  },
});

interface Row {
  optimizer: string;
  stateBits: number;
  updateMs: number;
  stateBytes: number;
  /** Beside weights and states: gradients are in it. */
  peakBytes: number;
}

type Gradients = Map<Variable, Tensor>;

const registry = createRegistry(builtIns);
const build = await backboneBuilder(registry, await choosePlugin(registry, 'backbone', values.backbone), 80);

const bytesOf = (variables: readonly Variable[]): number =>
  variables.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesPerElement(dtype), 0);

function withGradients(
  session: Session,
  name: string,
  trained: readonly Variable[],
  act: (gradients: Gradients, step: Tensor) => Record<string, Tensor>,
) {
  return session.compile(name, ({ scale, step }: Record<string, Tensor>) =>
    act(new Map(trained.map((weight) => [weight, tf.mul(weight.read(), scale)])), step),
  );
}

async function bestMs(run: (inputs: { scale: number; step: number }) => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let step = 0; step < Number(values.rounds); step++) {
    const from = performance.now();
    await run({ scale: 0.01, step });
    best = Math.min(best, performance.now() - from);
  }
  return best;
}

async function rowOf(name: string, stateBits: number): Promise<Row> {
  const session = openSession({ device: 'cpu', threads: Number(values.threads) });
  try {
    const scope = createScope(session, 'network', 1);
    build(scope);
    const trained = scope.params();
    const options = optimizerOptions.parse({ name, stateBits, weightDecay: 1e-4 });
    const optimizer = createOptimizer(createScope(session, 'optimizer', 0), trained, options, Number(values.piece));
    const making = withGradients(session, 'gradients', trained, (gradients) => {
      // Every gradient is used, or TensorFlow would not compute it.
      const firsts = [...gradients.values()].map((gradient) => tf.slice(tf.reshape(gradient, [-1]), 0, 1));
      return { sum: tf.addN(firsts) };
    });
    const update = withGradients(session, 'update', trained, (gradients, step) => {
      const pairs = trained.map((variable) => ({ variable, gradient: gradients.get(variable)! }));
      optimizer.apply(pairs, tf.scalar(1e-3), step);
      return {};
    });
    const updateMs = (await bestMs(update)) - (await bestMs(making));
    const { peakBytes } = await update.measure({ scale: 0.01, step: 0 });
    const standing = bytesOf([...session.variables.values()]);
    const stateBytes = bytesOf(optimizer.states);
    return { optimizer: name, stateBits, updateMs, stateBytes, peakBytes: peakBytes - standing };
  } finally {
    await session.close();
  }
}

const rows: Row[] = [];
for (const name of values.optimizers.split(',')) for (const bits of [32, 8]) rows.push(await rowOf(name, bits));
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(2);
if (values.json) console.log(JSON.stringify({ backbone: values.backbone, rows }));
else {
  console.log('optimizer  bits  update ms  states MiB  peak MiB');
  for (const { optimizer, stateBits, updateMs, stateBytes, peakBytes } of rows) {
    const cells = [
      updateMs.toFixed(1).padStart(9),
      mebibytes(stateBytes).padStart(10),
      mebibytes(peakBytes).padStart(8),
    ];
    console.log([optimizer.padEnd(9), String(stateBits).padStart(4), ...cells].join('  '));
  }
}
