import type { Gradient } from '../engine/autodiff.js';
import { DEFAULT_BLOCK } from '../engine/ops/block-codes.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { Scope } from '../nn/scope.js';
import { adam } from './adam.js';
import { type CodedState, PIECE, updateInPieces } from './eight-bit.js';
import { lars } from './lars.js';
import { codedWeights, createCodedState, createState } from './optimizer-states.js';
import type { OptimizerOptions } from './options.js';
import { sgd } from './sgd.js';
import { clipped, type Moment, type UpdateRule } from './update-rule.js';

export { type OptimizerOptions, optimizerOptions } from './options.js';

/** An optimizer whose state lives in the graph. */
export interface Optimizer {
  /** Its variables. */
  readonly states: readonly Variable[];
  /**
   * While tracing: updates the variables. `rate` (of all weights, or of each) and `step` (from 0) are scalars; so are those in
   * `learns`, 1 or 0 for each weight that pauses: at 0 it stands still exactly, weight decay included, its moments fade, and the
   * step does not count for it.
   */
  apply(
    gradients: readonly Gradient[],
    rate: Tensor | ((weight: Variable) => Tensor),
    step: Tensor,
    learns?: ReadonlyMap<Variable, Tensor>,
  ): void;
}

const RULES: Record<OptimizerOptions['name'], (options: OptimizerOptions) => UpdateRule> = {
  sgd,
  adam,
  adamw: adam,
  lars,
};

/**
 * Creates the state of every trained variable below `scope`, under the variable's own name. Large states in 8 bit are decoded
 * `pieceValues` at a time (a multiple of `stateBlock`). The steps in which one of `pausing` has learned are counted.
 */
export function createOptimizer(
  scope: Scope,
  trained: readonly Variable[],
  options: OptimizerOptions,
  pieceValues = PIECE,
  pausing: Iterable<Variable> = [],
): Optimizer {
  const rule = RULES[options.name](options);
  const isCoded = codedWeights(trained, options);
  const floats = new Map<Variable, Variable[]>();
  const coded = new Map<Variable, CodedState[]>();
  for (const kind of rule.states) {
    for (const weight of trained) {
      if (isCoded(weight))
        push(coded, weight, createCodedState(scope, kind, weight, options.stateBlock ?? DEFAULT_BLOCK));
      else push(floats, weight, createState(scope, kind, weight));
    }
  }
  const counts = new Map([...pausing].map((weight) => [weight, scope.child('steps').buffer(weight.name, [], 0)]));
  return {
    states: [
      ...Array.from(floats.values()).flat(),
      ...Array.from(coded.values(), (states) => states.flatMap(({ codes, absmax }) => [codes, absmax])).flat(),
      ...counts.values(),
    ],
    apply(gradients, rate, step, learns) {
      const momentOf = (weight: Variable): Moment => {
        const weightRate = typeof rate === 'function' ? rate(weight) : rate;
        const count = counts.get(weight);
        return count ? pausedMoment(count, weightRate, learns?.get(weight)) : { rate: weightRate, step };
      };
      // All clipped gradients exist before the first update, so that none sees a weight already moved.
      const ready = gradients.map(({ variable, gradient }) => ({
        weight: variable,
        gradient: clipped(gradient, options.clipNorm),
      }));
      let done: Tensor[] = [];
      for (const { weight, gradient } of ready) {
        const moment = momentOf(weight);
        const codedStates = coded.get(weight);
        if (!codedStates) rule.fused(weight, floats.get(weight)!, gradient, moment);
        else {
          const formula = rule.formula(weight, gradient, moment);
          // One weight after the other, or pieces of all of them would be decoded at once.
          done = updateInPieces(weight, gradient, codedStates, formula, done, pieceValues);
        }
      }
    },
  };
}

/** The moment of a weight that may stand still; counts the step if it does not. */
function pausedMoment(count: Variable, rate: Tensor, learns: Tensor = tf.scalar(1)): Moment {
  const step = count.read();
  count.assign(tf.add(step, learns));
  return { rate: tf.mul(rate, learns), step, learns };
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  lists.set(key, [...(lists.get(key) ?? []), value]);
}
