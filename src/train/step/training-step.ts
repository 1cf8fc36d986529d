import { differentiate, type Gradient, type Loss } from '../../engine/autodiff.js';
import { requireFinite } from '../../engine/require-finite.js';
import type { Compiled, Inputs, Outputs, Values } from '../../engine/session/compile.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { inPhase } from '../../engine/trace.js';
import type { Variable } from '../../engine/variable.js';
import { asPartOfBatch, type BatchMove } from '../../engine/whole-batch.js';
import { gathered } from '../../engine/workers/collectives.js';
import { meanOverWorkers, outputsOfWorkers, shareAssignments } from '../../engine/workers/fused.js';
import type { WorkerGroup } from '../../engine/workers/group.js';
import type { HostTensor } from '../../host-tensor.js';
import { STREAM_ERRORS, STREAM_PEAK, streamMetrics } from '../../nn/recompute/stream-watch.js';
import { createScope } from '../../nn/scope.js';
import { createOptimizer, type OptimizerOptions } from '../../optim/optimizer.js';
import { createBatchMoves } from './batch-moves.js';
import { createAccumulators } from './micro-batches.js';

type Named = Record<string, Tensor>;

/** The parts of one update. All functions are traced; `inputs` holds the batch and the values of the step. */
export interface StepParts<V> {
  session: Session;
  name: string;
  trained: readonly Variable[];
  optimizer: OptimizerOptions;
  /** Micro-batches whose gradients are averaged before one update. Default 1. */
  accumulate?: number;
  /** Turns the batch into the loss's views; not differentiated. */
  views(inputs: Named): V;
  loss(views: V, inputs: Named): Loss<Named>;
  /** Weights that are frozen in some steps, each with the name of the input that decides: 1 learns, 0 is frozen. */
  learnsWhen?: ReadonlyMap<Variable, string>;
  /** Factors on the learning rate of some weights; 1 for the others. */
  rateFactors?: ReadonlyMap<Variable, number>;
  /** Updates that follow the optimizer's. */
  afterStep?(inputs: Named): void;
}

/** Values of a step that every micro-batch shares. */
export type StepValues = { step: number; rate: number } & Record<string, number>;

/** A compiled function and inputs of the right shapes. */
export interface CompiledCall {
  compiled: Compiled<Inputs, Outputs>;
  inputs: Inputs;
}

/** A compiled update. */
export interface TrainingStep {
  /**
   * Does one update on micro-batches of equal shapes, as many as the step accumulates; returns the outputs of the loss for each. What
   * the loss moves beside the weights moves once, too (see batch-moves.ts). Throws a NotFiniteError, with every variable as it was, when the loss or a gradient is not finite.
   */
  run(batches: readonly Inputs[], values: StepValues): Promise<Values<Outputs>[]>;
  /** The compiled functions of one update with inputs of the right shapes, in the order in which they run. */
  functions(batches: readonly Inputs[], values: StepValues): CompiledCall[];
}

/** Builds the optimizer and compiles the update. */
export function createTrainingStep<V>(parts: StepParts<V>): TrainingStep {
  const learnsWhen = [...(parts.learnsWhen ?? [])];
  const pausing = learnsWhen.map(([variable]) => variable);
  const states = createScope(parts.session, 'optimizer', 0);
  const optimizer = createOptimizer(states, parts.trained, parts.optimizer, undefined, pausing);
  const update = (gradients: Gradient[], inputs: Named) =>
    inPhase('update', () => {
      const learns = new Map(learnsWhen.map(([variable, name]) => [variable, inputs[name]]));
      optimizer.apply(gradients, ratesBy(parts.rateFactors, inputs.rate), inputs.step, learns);
      parts.afterStep?.(inputs);
    });
  const count = parts.accumulate ?? 1;
  const functions = count > 1 ? inPieces(parts, count, update) : atOnce(parts, update);
  return {
    functions,
    async run(batches, values) {
      if (batches.length !== count) throw new Error(`${batches.length} micro-batches for a step of ${count}`);
      const outputs: Values<Outputs>[] = [];
      for (const { compiled, inputs } of functions(batches, values)) outputs.push(await compiled(inputs));
      const { workers } = parts.session;
      return outputs.slice(0, count).map((output) => (workers ? withoutStop(output, workers) : output));
    },
  };
}

/** The rate of each weight; weights of one factor share the tensor. */
function ratesBy(factors: StepParts<unknown>['rateFactors'], rate: Tensor): (weight: Variable) => Tensor {
  const scaled = new Map([[1, rate]]);
  for (const factor of factors?.values() ?? []) {
    if (!scaled.has(factor)) scaled.set(factor, tf.mul(rate, factor));
  }
  return (weight) => scaled.get(factors?.get(weight) ?? 1)!;
}

type Update = (gradients: Gradient[], inputs: Named) => void;

function atOnce<V>(parts: StepParts<V>, update: Update): TrainingStep['functions'] {
  const { workers } = parts.session;
  const compiled = parts.session.compile(parts.name, (inputs: Named) => {
    const { gradients, outputs, moves } = soundGradients(parts, inputs, { piece: false });
    for (const { rows, act } of moves) inPhase('update', () => act(rows));
    update(gradients, inputs);
    return outputs;
  }) as Compiled<Inputs, Outputs>;
  return ([batch], values) => [{ compiled, inputs: { ...batch, ...values, ...stopInput(workers) } }];
}

function inPieces<V>(parts: StepParts<V>, count: number, update: Update): TrainingStep['functions'] {
  const { session, name, trained } = parts;
  const accumulators = createAccumulators(session, trained);
  const batchMoves = createBatchMoves(session, count);
  const valueNames = new Set<string>();
  /** Updates with the same values move the same: so correction, which has values of its own, is apart. */
  const kindOf = (inputs: Named) =>
    Object.keys(inputs)
      .filter((input) => valueNames.has(input))
      .sort()
      .join('+');
  const gather = session.compile(name, (inputs: Named) => {
    const { gradients, outputs, moves } = soundGradients(parts, inputs, { piece: true });
    inPhase('update', () => {
      batchMoves.gather(kindOf(inputs), moves, inputs.fresh);
      accumulators.add(gradients, inputs.fresh);
    });
    return outputs;
  }) as Compiled<Inputs, Outputs>;
  const apply = session.compile(`${name}-update`, (inputs: Named) => {
    inPhase('update', () => batchMoves.apply(kindOf(inputs)));
    const means = accumulators.mean(count);
    update(session.workers ? meanOverWorkers(means) : means, inputs);
    return {};
  }) as Compiled<Inputs, Outputs>;
  const callsOf = (batches: readonly Inputs[], values: StepValues): CompiledCall[] => [
    ...batches.map((batch, i) => ({
      compiled: gather,
      // Each micro-batch draws its own random numbers. The first one starts the sums anew, so that a refused step leaves nothing.
      inputs: {
        ...batch,
        ...values,
        step: values.step * count + i,
        fresh: i === 0 ? 1 : 0,
        ...stopInput(session.workers),
      },
    })),
    { compiled: apply, inputs: { ...values } },
  ];
  return (batches, values) => {
    for (const value of Object.keys(values)) valueNames.add(value);
    return callsOf(batches, values);
  };
}

/** Name of the input, and of the output, that tells whether a worker was asked to stop. */
const STOP = 'stop';

/** What a step tells the other workers beside its batch; nothing where there are none. */
const stopInput = (workers: WorkerGroup | undefined): Inputs =>
  workers ? { [STOP]: workers.stopWanted() ? 1 : 0 } : {};

/** The outputs of a step without what its workers told each other: all of them stop after the same step. */
function withoutStop({ [STOP]: stop, ...outputs }: Values<Outputs>, workers: WorkerGroup): Values<Outputs> {
  if (Number(stop.data[0]) > 0) workers.stopAgreed();
  return outputs;
}

/**
 * Loss and gradients, behind the check that all of them are finite, and the moves that wait for the whole batch: of a `piece` of it, and where
 * several workers have a part of it each. Moves, outputs and, unless of a piece, gradients are those of all workers.
 */
function soundGradients<V>(
  parts: StepParts<V>,
  inputs: Named,
  { piece }: { piece: boolean },
): { gradients: Gradient[]; outputs: Outputs; moves: BatchMove[] } {
  const compute = () => {
    const views = parts.views(inputs);
    return differentiate(() => parts.loss(views, inputs), parts.trained);
  };
  const { workers } = parts.session;
  const { result, moves } = piece || workers ? asPartOfBatch(compute) : { result: compute(), moves: [] };
  const { loss, aux, gradients } = result;
  const outputsOf = () => ({ loss, ...aux, ...streamMetrics() });
  const shared = workers
    ? inPhase('update', () => ofWorkers({ gradients, moves, outputs: outputsOf() }, inputs, piece))
    : undefined;
  const named = (shared?.gradients ?? gradients).map(({ variable, gradient }) => [
    `the gradient of ${variable.name}`,
    gradient,
  ]);
  inPhase('update', () => requireFinite({ 'the loss': loss, ...Object.fromEntries(named) }));
  return shared ?? { gradients, moves, outputs: outputsOf() };
}

/** What the workers make of the whole batch together. */
function ofWorkers(
  { gradients, moves, outputs }: { gradients: Gradient[]; moves: BatchMove[]; outputs: Outputs },
  inputs: Named,
  piece: boolean,
) {
  shareAssignments();
  return {
    gradients: piece ? gradients : meanOverWorkers(gradients),
    moves: moves.map(({ rows, act }) => ({ rows: rows.map(gathered), act })),
    outputs: outputsOfWorkers({ ...outputs, [STOP]: inputs[STOP] }, WORST),
  };
}

/** Metrics of one training step, as they are logged. */
export type StepMetrics = { loss: number } & Record<string, number>;

/** Metrics of which an update has the largest of its micro-batches, and not their mean. */
const WORST = new Set([STREAM_PEAK, STREAM_ERRORS]);

/** Means of a step's scalar outputs over the micro-batches of an update; other outputs are left out. */
export function meanMetrics(outputs: readonly Record<string, HostTensor>[]): StepMetrics {
  const parts = outputs.map(scalarsOf);
  const mean = (name: string) => parts.reduce((sum, part) => sum + part[name], 0) / parts.length;
  const worst = (name: string) => Math.max(...parts.map((part) => part[name]));
  const figures = Object.keys(parts[0]).map((name) => [name, WORST.has(name) ? worst(name) : mean(name)]);
  return { ...Object.fromEntries(figures), loss: mean('loss') };
}

function scalarsOf(outputs: Record<string, HostTensor>): Record<string, number> {
  const scalars = Object.entries(outputs).filter(([, value]) => value.data.length === 1);
  return Object.fromEntries(scalars.map(([name, value]) => [name, Number(value.data[0])]));
}
