import type { MemoryPeak } from '../engine/memory/memory-parts.js';
import { sparseSoftmaxCrossEntropy } from '../engine/ops/cross-entropy.js';
import type { Session } from '../engine/session/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import { float32, int32, sizeOf } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { denseLayer } from '../nn/dense.js';
import { createScope, type Scope } from '../nn/scope.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import { createRng } from '../random.js';
import { checkMemory } from './check-memory.js';
import { createTrainingStep } from './step/training-step.js';

/** The measured step: supervised, 1,000 classes, random features. */
export interface StepBenchmark {
  batch: number;
  frames: number;
  bins: number;
  optimizer: OptimizerOptions;
  /** Timed steps; fewer when `seconds` are over, but at least one. */
  steps: number;
  /** Limit on the time spent timing, for long steps; these have one warm-up and one traced step. Default: no limit. */
  seconds?: number;
  /** A step of more bytes than this is not run: its memory is predicted. Default: no limit. */
  predictAbove?: number;
}

export interface StepFigures extends MemoryPeak {
  /** Null where nothing was run. */
  bestMs: number | null;
  medianMs: number | null;
  /** True where the memory is predicted, not measured. */
  predicted: boolean;
  /** Of the backbone with its embedding layer, without classifier and running statistics. */
  parameters: number;
}

const CLASSES = 1000;
/** Warm-up steps, which are dropped, and traced steps, of which the largest peak counts, for scheduling varies. */
const [WARM_UP, TRACED] = [2, 3];

/**
 * Measures whole training steps: forward, backward and update. Warm-up steps are dropped; tracing is not in the times. Exact live
 * bytes, variables and inputs included.
 */
export async function benchmarkStep(
  session: Session,
  build: (scope: Scope) => Backbone,
  benchmark: StepBenchmark,
): Promise<StepFigures> {
  const { compiled, inputs, parameters } = compileStep(session, build, benchmark);
  const { steps, seconds = Number.POSITIVE_INFINITY, predictAbove } = benchmark;
  if (predictAbove !== undefined) {
    const expected = compiled.predict(inputs(0));
    if (expected.peakBytes > predictAbove)
      return { ...expected, bestMs: null, medianMs: null, predicted: true, parameters };
  }
  checkMemory(session, [{ compiled, inputs: inputs(0) }], { log: () => {} });
  let count = 0;
  const timed = async () => {
    const start = performance.now();
    await compiled(inputs(count++));
    return performance.now() - start;
  };
  const isLong = (await timed()) > seconds * 100;
  for (let i = 1; i < WARM_UP && !isLong; i++) await timed();
  const times: number[] = [];
  let spent = 0;
  while (times.length < steps && spent < seconds * 1000) {
    times.push(await timed());
    spent += times.at(-1)!;
  }
  let peak = await compiled.measure(inputs(count++));
  for (let i = 1; i < TRACED && !isLong; i++) {
    const next = await compiled.measure(inputs(count++));
    if (next.peakBytes > peak.peakBytes) peak = next;
  }
  times.sort((a, b) => a - b);
  const { peakBytes, parts, keptBytes } = peak;
  const [bestMs, medianMs] = [times[0], times[times.length >> 1]];
  return { bestMs, medianMs, peakBytes, parts, keptBytes, parameters, predicted: false };
}

function compileStep(
  session: Session,
  build: (scope: Scope) => Backbone,
  { batch, frames, bins, optimizer }: StepBenchmark,
) {
  const scope = createScope(session, 'network', 0);
  const backbone = build(scope);
  const parameters = scope.params().reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const classify = denseLayer(scope.child('classifier'), { inputs: backbone.embeddingSize, outputs: CLASSES });
  const { functions } = createTrainingStep<Record<string, Tensor>>({
    session,
    name: 'bench',
    trained: scope.params(),
    optimizer,
    views: (inputs) => inputs,
    loss({ x, labels }) {
      const logits = classify(backbone.embed(x, { training: true }));
      return { loss: tf.mean(sparseSoftmaxCrossEntropy(logits, labels)), aux: {} };
    },
  });
  const rng = createRng('bench');
  const x = float32(
    Float32Array.from({ length: batch * frames * bins }, () => rng.normal()),
    [batch, frames, bins],
  );
  const labels = int32(Array.from({ length: batch }, (_, i) => i % CLASSES));
  const atStep = (step: number) => functions([{ x, labels }], { rate: 0.01, step })[0];
  const { compiled, inputs } = atStep(0);
  compiled.trace(inputs);
  return { compiled, inputs: (step: number) => atStep(step).inputs, parameters };
}
