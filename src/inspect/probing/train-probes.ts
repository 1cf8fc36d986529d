import { sparseSoftmaxCrossEntropy } from '../../engine/ops/cross-entropy.js';
import type { Session } from '../../engine/session/session.js';
import { type SessionRequest, withSession } from '../../engine/session/with-session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { float32, int32 } from '../../host-tensor.js';
import { denseLayer, matMul } from '../../nn/dense.js';
import { createScope, type Scope } from '../../nn/scope.js';
import { optimizerOptions } from '../../optim/optimizer.js';
import { createTrainingStep } from '../../train/step/training-step.js';

/** Vectors of one layer, row-major. */
export interface ProbedVectors {
  /** [rows, size] */
  vectors: Float32Array;
  rows: number;
  size: number;
}

/** What one probe learns. */
export interface ProbeTask {
  name: string;
  classes: number;
  /** -1 for rows without a label. // [rows] */
  labels: Int32Array;
  /** The rows to learn from, all labelled. */
  train: Int32Array;
}

/** How probes learn. */
export interface ProbeOptions {
  /** Units of a hidden layer; 0 for a linear probe. */
  hidden: number;
  /** Updates, each on all rows. */
  steps: number;
  /** Weight of the squared weights beside the mean cross-entropy. */
  decay: number;
}

/** Adam's first step; it falls to nothing along a line. */
const RATE = 0.02;

/** The class that each probe gives every row, by layer and by the names of the tasks. // [rows] */
export type Answers = Map<string, Map<string, Int32Array>>;

/**
 * Trains a probe for each task on each layer's vectors of the same rows, brought to mean 0 and deviation 1 over the rows that any task
 * learns from: softmax regression, or a rectified hidden layer in front of it. Probes share nothing but their inputs: that they are trained
 * in one step of one graph saves its making, and changes nothing.
 */
export async function trainProbes(
  request: Omit<SessionRequest, 'name'>,
  layers: ReadonlyMap<string, ProbedVectors>,
  tasks: readonly ProbeTask[],
  options: ProbeOptions,
): Promise<Answers> {
  return withSession({ ...request, name: 'probe' }, async (session) => {
    const targets = tasks.map((task, i) => targetsOf(session, task, i));
    const scope = createScope(session, 'probe', request.seed);
    const probes = [...layers].flatMap(([layer, input]) => {
      const { rows, size } = input;
      const values = float32(standardised(input, tasks), [rows, size]);
      const x = session.variable(`vectors/${layer}`, [rows, size], values);
      return tasks.map((task, i) => {
        const probe = probeOf(scope.child(layer).child(i), size, task, options);
        return {
          layer,
          task: task.name,
          target: targets[i],
          penalty: probe.penalty,
          scores: () => probe.scores(x.read()),
        };
      });
    });
    const step = createTrainingStep({
      session,
      name: 'probe',
      trained: scope.params(),
      optimizer: optimizerOptions.parse({ name: 'adam' }),
      views: () => null,
      loss() {
        const losses = probes.map(({ scores, penalty, target: { labels, weights } }) => {
          const entropy = sparseSoftmaxCrossEntropy(scores(), labels.read());
          return tf.add(tf.sum(tf.mul(entropy, weights.read())), penalty());
        });
        return { loss: tf.addN(losses as Tensor[]), aux: {} };
      },
    });
    for (let i = 0; i < options.steps; i++) await step.run([{}], { step: i, rate: RATE * (1 - i / options.steps) });
    const predict = session.compile('predict', () =>
      Object.fromEntries(probes.map(({ scores }, i) => [`probe${i}`, tf.argMax(scores(), 1) as Tensor])),
    );
    const outputs = await predict({});
    const answers: Answers = new Map([...layers.keys()].map((layer) => [layer, new Map()]));
    probes.forEach(({ layer, task }, i) => {
      answers.get(layer)!.set(task, Int32Array.from(outputs[`probe${i}`].data as Int32Array));
    });
    return answers;
  });
}

/** A task's labels, and the weight of each row in its loss, in the session. */
function targetsOf(session: Session, { labels, train }: ProbeTask, number: number) {
  const weights = new Float32Array(labels.length);
  for (const row of train) weights[row] = 1 / train.length;
  const classes = int32(labels.map((label) => Math.max(label, 0)));
  return {
    labels: session.variable(`labels/${number}`, [labels.length], classes, 'int32'),
    weights: session.variable(`weights/${number}`, [labels.length], float32(weights)),
  };
}

function probeOf(scope: Scope, size: number, { classes }: ProbeTask, { hidden, decay }: ProbeOptions) {
  const first = hidden > 0 ? denseLayer(scope.child('hidden'), { inputs: size, outputs: hidden }) : undefined;
  const inputs = hidden > 0 ? hidden : size;
  const weight = scope.param('weight', [inputs, classes], 0.0);
  const bias = scope.param('bias', [classes], 0);
  const squares = scope.params().filter(({ shape }) => shape.length === 2);
  return {
    scores(x: Tensor): Tensor {
      const reached = first ? tf.relu(first(x)) : x;
      return tf.add(matMul(reached as Tensor, weight.read()), bias.read());
    },
    penalty: (): Tensor =>
      tf.mul(tf.addN(squares.map((variable) => tf.sum(tf.square(variable.read())) as Tensor)), decay),
  };
}

/** Columns of mean 0 and deviation 1 over the rows that are learned from; a column that does not vary becomes 0. */
export function standardised(
  { vectors, rows, size }: ProbedVectors,
  tasks: readonly Pick<ProbeTask, 'train'>[],
): Float32Array {
  const used = new Set(tasks.flatMap(({ train }) => Array.from(train)));
  const [sums, squares] = [new Float64Array(size), new Float64Array(size)];
  for (const row of used) for (let k = 0; k < size; k++) sums[k] += vectors[row * size + k] / used.size;
  for (const row of used)
    for (let k = 0; k < size; k++) squares[k] += (vectors[row * size + k] - sums[k]) ** 2 / used.size;
  const factors = squares.map((variance, k) => (variance > 1e-10 * (1 + sums[k] ** 2) ? 1 / Math.sqrt(variance) : 0));
  const result = new Float32Array(rows * size);
  for (let i = 0; i < result.length; i++) result[i] = (vectors[i] - sums[i % size]) * factors[i % size];
  return result;
}
