import { hostTypeOf } from '../engine/graph/data-types.js';
import type { Session } from '../engine/session/session.js';
import { UserError } from '../errors.js';
import { float32, type HostTensor, sizeOf } from '../host-tensor.js';
import type { Computed, Context, Translate, Value } from './context.js';
import { inOrder, same, transposed } from './layout.js';
import type { OnnxGraph } from './onnx-graph.js';
import { convolutions } from './ops/convolutions.js';
import { elementwise } from './ops/elementwise.js';
import { pieces } from './ops/pieces.js';
import { products } from './ops/products.js';
import { reductions } from './ops/reductions.js';
import { shapes } from './ops/shapes.js';
import { fitSize, type Size } from './size-formula.js';
import type { Operand, TracedNetwork, TracedOperation } from './traced-network.js';

const TRANSLATIONS: Record<string, Translate> = {
  ...elementwise,
  ...reductions,
  ...shapes,
  ...pieces,
  ...products,
  ...convolutions,
};

/**
 * Adds a traced network to an ONNX graph; returns the name of its output [batch, size]. What depends on the weights alone is computed
 * by TensorFlow now and becomes a constant.
 * @throws UserError for an operation that has no translation; it names the layer
 */
export async function convertNetwork(session: Session, network: TracedNetwork, graph: OnnxGraph): Promise<string> {
  const { operations, output } = network;
  const context = createContexts(session, network, graph);
  const fixed = await fixedValues(session, network);
  const values = new Map<string, Value>(fixed);
  const read = (operand: Operand): Value => {
    if (operand.kind === 'input') return context.input;
    if (operand.kind === 'constant') {
      const [value] = operand.values;
      return operand.varies ? { kind: 'varying', values: operand.values } : { kind: 'fixed', value };
    }
    return values.get(keyOf(operand))!;
  };
  operations.forEach((operation, at) => {
    if (operation.fixed) return;
    const made = [context.translate(operation, at, operation.operands.map(read))].flat();
    for (const [index, value] of made.entries()) values.set(keyOf({ kind: 'operation', at, output: index }), value);
  });
  const last = values.get(keyOf({ kind: 'operation', ...output }))!;
  if (last.kind !== 'computed')
    throw new UserError('The embedding does not depend on the features; there is nothing to export.');
  return context.arranged(last, inOrder(last.dims.length));
}

const keyOf = (operand: Operand): string =>
  operand.kind === 'variable'
    ? `variable ${operand.variable}`
    : operand.kind === 'operation'
      ? `${operand.at}:${operand.output}`
      : '';

/** Values of all that is fixed and read by what is not, computed in one run. */
async function fixedValues(session: Session, { operations, placeholder }: TracedNetwork): Promise<[string, Value][]> {
  const wanted = new Map<string, Fixed>();
  for (const { fixed, operands } of operations) {
    if (fixed) continue;
    for (const operand of operands) if (isFixed(operand, operations)) wanted.set(keyOf(operand), operand);
  }
  const variables = variableNames(session);
  const names = [...wanted.values()].flatMap((fixed) =>
    fixed.kind === 'variable' ? [variables.get(fixed.variable)!] : [],
  );
  const saved = await session.save(names);
  const computed = [...wanted.values()].filter((fixed) => fixed.kind === 'operation');
  const fetches = computed.map(({ at, output }) => session.graph.outputOf(operations[at].record, output));
  // Nothing reads the features, but an operation may be made to wait for them.
  const { shape } = placeholder;
  const features = float32(new Float32Array(sizeOf(shape)), shape);
  const request = { name: 'export', feeds: [[placeholder, features]] as const, fetches, targets: [] };
  const { outputs } = fetches.length > 0 ? await session.run(request) : { outputs: [] };
  const values = new Map(computed.map((operand, i) => [operand as Fixed, outputs[i]]));
  return [...wanted].map(([key, fixed]): [string, Value] => {
    const [name] = layerNames(session, operations, [fixed]);
    const value = fixed.kind === 'variable' ? saved[variables.get(fixed.variable)!] : values.get(fixed)!;
    return [key, { kind: 'fixed', value, name }];
  });
}

type Fixed = Extract<Operand, { kind: 'variable' | 'operation' }>;

const isFixed = (operand: Operand, operations: readonly TracedOperation[]): operand is Fixed =>
  operand.kind === 'variable' || (operand.kind === 'operation' && operations[operand.at].fixed);

/** Names of variables by the place of their handles. */
const variableNames = ({ variables }: Session): Map<number, string> =>
  new Map([...variables.values()].map(({ handle, name }) => [handle.operation, name]));

/** Names of the variables nearest to `operands`, looking towards the input; without the scope that all share. */
function layerNames(session: Session, operations: readonly TracedOperation[], operands: readonly Operand[]): string[] {
  const variables = variableNames(session);
  const seen = new Set<number>();
  let level = [...operands];
  while (level.length > 0) {
    const found = level.flatMap((operand) => (operand.kind === 'variable' ? [variables.get(operand.variable)!] : []));
    if (found.length > 0) return found.map((name) => name.slice(name.indexOf('/') + 1));
    level = level.flatMap((operand) => {
      if (operand.kind !== 'operation' || seen.has(operand.at)) return [];
      seen.add(operand.at);
      return operations[operand.at].operands;
    });
  }
  return [];
}

/** What the contexts of all operations share. */
function createContexts(session: Session, network: TracedNetwork, graph: OnnxGraph) {
  const { samples, operations } = network;
  const values = createValues(graph);
  const readers = countReaders(network);
  const sizes = new Map<string, Size | undefined>();
  const formula = (values: readonly number[]): Size | undefined => {
    const key = values.join();
    if (!sizes.has(key)) sizes.set(key, values.includes(Number.NaN) ? undefined : fitSize(values, samples));
    return sizes.get(key);
  };
  const input: Computed = {
    kind: 'computed',
    name: graph.input,
    order: inOrder(3),
    dims: network.input,
    dtype: 'float32',
  };
  return {
    input,
    arranged: values.arranged,
    translate({ type, operands, attributes, outputs }: TracedOperation, at: number, inputs: readonly Value[]) {
      const refuse = (reason?: string): never => {
        const [layer] = layerNames(session, operations, [{ kind: 'operation', at, output: 0 }]);
        throw untranslated(type, reason, layer);
      };
      const translate = TRANSLATIONS[type] ?? refuse();
      return translate({
        type,
        graph,
        samples,
        inputs,
        outputs: outputs.map(({ dims, dataType }) => ({ dims, dtype: hostTypeOf(dataType) })),
        readOnce: (i) => readers.get(keyOf(operands[i])) === 1,
        attribute: <T>(name: string, fallback: T) =>
          (attributes.find((attribute) => attribute.name === name)?.value as T | undefined) ?? fallback,
        formula,
        size: (values) =>
          formula(values) ?? refuse('a size that depends on the input in a way that no formula was found for'),
        ...values,
        refuse,
      });
    },
  };
}

/** The values of a graph in the orders that are asked for, each made once. */
function createValues(graph: OnnxGraph): Pick<Context, 'fixed' | 'arranged'> {
  const laid = new Map<HostTensor['data'], Map<string, string>>();
  const moved = new Map<string, string>();
  return {
    fixed(value, order, name) {
      const names = laid.get(value.data) ?? new Map<string, string>();
      laid.set(value.data, names);
      const key = `${value.shape}|${order}`;
      const made = names.get(key) ?? graph.tensor(transposed(value, order), name);
      names.set(key, made);
      return made;
    },
    arranged({ name, order }, wanted) {
      if (same(order, wanted)) return name;
      const perm = wanted.map((axis) => order.indexOf(axis));
      const key = `${name}|${perm}`;
      const made = moved.get(key) ?? graph.node('Transpose', [name], { perm });
      moved.set(key, made);
      return made;
    },
  };
}

function untranslated(type: string, reason: string | undefined, layer: string | undefined): UserError {
  const place =
    layer === undefined ? '' : `, in or behind the layer '${layer.slice(0, Math.max(layer.lastIndexOf('/'), 0))}',`;
  const circumstance = reason === undefined ? '' : ` with ${reason}`;
  return new UserError(
    `The network cannot be exported: TensorFlow's ${type}${place} has no translation to ONNX${circumstance}. Write that part of the ` +
      'backbone or pooling with other operations.',
  );
}

function countReaders({ operations, output }: TracedNetwork): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (operand: Operand) => counts.set(keyOf(operand), (counts.get(keyOf(operand)) ?? 0) + 1);
  for (const { operands } of operations) operands.forEach(count);
  count({ kind: 'operation', ...output });
  return counts;
}
