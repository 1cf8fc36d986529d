import { sizeOf } from '../../host-tensor.js';
import type { OperationRecord } from '../graph/operation-record.js';
import { type RunPlan, reachedGraph } from './plan-graph.js';

/** Multiply-adds for one number of an operation's result, from the shapes of its two inputs and of the result. */
type Terms = (a: readonly number[], b: readonly number[], result: readonly number[]) => number;

const product: Terms = (a, _, result) => (a.at(-2)! * a.at(-1)!) / result.at(-2)!;

const TERMS: Readonly<Record<string, Terms>> = {
  Conv2D: (_, filter) => filter[0] * filter[1] * filter[2],
  DepthwiseConv2dNative: (_, filter) => filter[0] * filter[1],
  MatMul: product,
  BatchMatMul: product,
  BatchMatMulV2: product,
};

/** Multiply-adds of all convolutions and matrix products that a run reaches; what works element by element is left out, as usual. */
export function multiplyAdds(plan: RunPlan): number {
  const { operations } = plan;
  const shapeOf = ({ operation, output }: OperationRecord['inputs'][number]) =>
    operations[operation].outputs[output].shape;
  return [...reachedGraph(plan).values()].reduce((sum, { record }) => {
    const { type, inputs, outputs } = record;
    const terms = TERMS[type];
    if (!terms) return sum;
    const result = outputs[0].shape;
    return sum + sizeOf(result) * terms(shapeOf(inputs[0]), shapeOf(inputs[1]), result);
  }, 0);
}
