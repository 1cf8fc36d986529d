import type { Session } from '../engine/session/session.js';
import { hostTypeOf } from '../engine/graph/data-types.js';
import { UserError } from '../errors.js';
import type { HostTensor } from '../host-tensor.js';
import type { Computed, Context, Translate, Value } from './context.js';
import { inOrder, same, transposed } from './layout.js';
import { createOnnxGraph, type OnnxGraph } from './onnx-graph.js';
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

/** Operations that the export knows, by TensorFlow's names. */
export const knownOperations = (): string[] => Object.keys(TRANSLATIONS).sort();

/** A network as an ONNX graph; `output` is the name of its value [batch, size]. */
export interface Converted {
  graph: OnnxGraph;
  output: string;
}

/**
 * Translates a traced network. What depends on the weights alone is computed by TensorFlow now and becomes a constant.
 * @throws UserError for an operation that has no translation; it names the layer
 */
export async function convertNetwork(session: Session, network: TracedNetwork, input: string): Promise<Converted> {
  const { operations, output } = network;
  const graph = createOnnxGraph(input);
  const context = createContexts(session, network, graph);
  const fixed = await fixedValues(session, network);
  const values = new Map<string, Value>(fixed);
  const valueOf = (operand: Operand): Value => {
    if (operand.kind === 'input') return context.input(input);
    if (operand.kind === 'constant') {
      const [value] = operand.values;
      return operand.varies ? { kind: 'varying', values: operand.values } : { kind: 'fixed', value };
    }
    return values.get(keyOf(operand))!;
  };
  operations.forEach((operation, at) => {
    if (operation.fixed) return;
    const made = [context.translate(operation, at, operation.operands.map(valueOf))].flat();
    made.forEach((value, index) => values.set(keyOf({ kind: 'operation', at, output: index }), value));
  });
  const last = values.get(keyOf({ kind: 'operation', ...output }))!;
  if (last.kind !== 'computed') throw new UserError('The embedding does not depend on the features; there is nothing to export.');
  return { graph, output: context.arranged(last, inOrder(last.dims.length)) };
}

const keyOf = (operand: Operand): string =>
  operand.kind === 'variable'
    ? `variable ${operand.variable}`
    : operand.kind === 'operation'
      ? `${operand.at}:${operand.output}`
      : '';

/** Values of all that is fixed and read by what is not, computed in one run. */
async function fixedValues(session: Session, { operations }: TracedNetwork): Promise<[string, Value][]> {
  const wanted = new Map<string, Operand>();
  for (const operation of operations) {
    if (operation.fixed) continue;
    for (const operand of operation.operands) {
      if (operand.kind === 'variable' || (operand.kind === 'operation' && operations[operand.at].fixed)) {
        wanted.set(keyOf(operand), operand);
      }
    }
  }
  const { graph } = session;
  const variables = new Map([...session.variables.values()].map((variable) => [variable.handle.operation, variable.name]));
  const names = [...wanted.values()].flatMap((operand) => (operand.kind === 'variable' ? [variables.get(operand.variable)!] : []));
  const saved = await session.save(names);
  const computed = [...wanted.values()].filter((operand) => operand.kind === 'operation');
  const fetches = computed.map(({ at, output }) => graph.outputOf(operations[at].record, output));
  const { outputs } =
    fetches.length === 0
      ? { outputs: [] }
      : await session.run({ name: 'export', feeds: [], fetches, targets: [] });
  return [...wanted].map(([key, operand]): [string, Value] => {
    const name = layerNames(session, operations, [operand]).at(0);
    const value =
      operand.kind === 'variable'
        ? saved[variables.get(operand.variable)!]
        : outputs[computed.indexOf(operand as (typeof computed)[number])];
    return [key, { kind: 'fixed', value, name }];
  });
}

/** Names of the variables nearest to `operands`, looking towards the input; without the scope that all share. */
function layerNames(
  session: Session,
  operations: readonly TracedOperation[],
  operands: readonly Operand[],
): string[] {
  const variables = new Map([...session.variables.values()].map(({ handle, name }) => [handle.operation, name]));
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
  const sizes = new Map<string, Size | undefined>();
  const laid = new Map<HostTensor['data'], Map<string, string>>();
  const moved = new Map<string, string>();
  const readers = countReaders(network);

  const fit = (values: readonly number[]): Size | undefined => {
    const key = values.join();
    if (!sizes.has(key)) sizes.set(key, values.includes(Number.NaN) ? undefined : fitSize(values, samples));
    return sizes.get(key);
  };
  const fixed: Context['fixed'] = (value, order, name) => {
    const names = laid.get(value.data) ?? new Map<string, string>();
    laid.set(value.data, names);
    const key = `${value.shape}|${order}`;
    const made = names.get(key) ?? graph.tensor(transposed(value, order), name);
    names.set(key, made);
    return made;
  };
  const arranged: Context['arranged'] = ({ name, order }, wanted) => {
    if (same(order, wanted)) return name;
    const perm = wanted.map((axis) => order.indexOf(axis));
    const key = `${name}|${perm}`;
    const made = moved.get(key) ?? graph.node('Transpose', [name], { perm });
    moved.set(key, made);
    return made;
  };
  return {
    arranged,
    input: (name: string): Computed => ({
      kind: 'computed',
      name,
      order: inOrder(3),
      dims: network.input,
      dtype: 'float32',
    }),
    translate(operation: TracedOperation, at: number, inputs: readonly Value[]): Value | Value[] {
      const { type, operands, attributes } = operation;
      const refuse = (reason: string): never => {
        const [layer] = layerNames(session, operations, [{ kind: 'operation', at, output: 0 }]);
        const place = layer ? ` in or behind the layer '${layer.slice(0, layer.lastIndexOf('/'))}'` : '';
        throw new UserError(
          `The network cannot be exported to ONNX: ${type}${place} uses ${reason}, for which there is no translation. Write that part of ` +
            'the backbone or pooling with other operations.',
        );
      };
      const translate = TRANSLATIONS[type];
      if (!translate) refuse('an operation');
      return translate({
        type,
        graph,
        samples,
        inputs,
        outputs: operation.outputs.map(({ dims, dataType }) => ({ dims, dtype: hostTypeOf(dataType) })),
        readOnce: (i) => readers.get(keyOf(operands[i])) === 1,
        attribute: <T>(name: string, fallback: T) =>
          (attributes.find((attribute) => attribute.name === name)?.value as T | undefined) ?? fallback,
        fit,
        size: (values) => fit(values) ?? refuse('a size that depends on the input in a way that no formula was found for'),
        fixed,
        arranged,
        refuse,
      });
    },
  };
}

function countReaders({ operations, output }: TracedNetwork): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (operand: Operand) => counts.set(keyOf(operand), (counts.get(keyOf(operand)) ?? 0) + 1);
  for (const { operands } of operations) operands.forEach(count);
  count({ kind: 'operation', ...output });
  return counts;
}
