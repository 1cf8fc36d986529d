import type { Context, Translate, Value } from '../context.js';
import { inOrder } from '../layout.js';
import { named, rankOf, result } from '../values.js';

/** Matrix products. */
export const products: Record<string, Translate> = {
  MatMul: (context) => product(context, ['transpose_a', 'transpose_b']),
  BatchMatMul: (context) => product(context, ['adj_x', 'adj_y']),
  BatchMatMulV2: (context) => product(context, ['adj_x', 'adj_y']),
  Einsum(context) {
    const names = context.inputs.map((input) => named(context, input));
    return result(context, context.graph.node('Einsum', names, { equation: context.attribute('equation', '') }));
  },
};

function product(context: Context, flags: readonly [string, string]): Value {
  const names = context.inputs.map((input, i) => {
    const order = inOrder(rankOf(input));
    if (!context.attribute(flags[i], false)) return named(context, input, order);
    // The last two axes in each other's place.
    return named(context, input, [...order.slice(0, -2), order[order.length - 1], order[order.length - 2]]);
  });
  return result(context, context.graph.node('MatMul', names));
}
