import type { HostTensor } from '../host-tensor.js';
import { bytesOf, elementOf, type OnnxNode, type OnnxTensor } from './proto.js';
import type { Size, SizeFormula } from './size-formula.js';

/** An ONNX graph under construction. Values are names. */
export interface OnnxGraph {
  /** The value [batch, frames, ...] whose sizes the others follow from. */
  readonly input: string;
  readonly nodes: OnnxNode[];
  readonly tensors: OnnxTensor[];
  /** Adds a node of one output; returns its name. */
  node(type: string, inputs: readonly string[], attributes?: OnnxNode['attributes']): string;
  /** Adds a node of several outputs. */
  split(type: string, inputs: readonly string[], outputs: number, attributes?: OnnxNode['attributes']): string[];
  /** A constant; small equal ones are shared. */
  tensor(value: HostTensor, name?: string): string;
  /** A constant vector of int64. */
  integers(values: readonly number[]): string;
  /** Sizes as one vector of int64, computed when the graph runs where they are not constant. */
  sizes(sizes: readonly Size[]): string;
}

/** Constants of at most so many elements are compared, and shared. */
const SHARED_ELEMENTS = 64;

/** An empty graph; `input` is the name of the value whose sizes the others follow from. */
export function createOnnxGraph(input: string): OnnxGraph {
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  const shared = new Map<string, string>();
  const names = new Set<string>([input]);

  const fresh = (wanted: string): string => {
    let name = wanted;
    for (let i = 2; names.has(name); i++) name = `${wanted}_${i}`;
    names.add(name);
    return name;
  };
  const once = (key: string, make: () => string): string => {
    const name = shared.get(key) ?? make();
    shared.set(key, name);
    return name;
  };

  const graph: OnnxGraph = {
    input,
    nodes,
    tensors,
    node: (type, inputs, attributes = {}) => graph.split(type, inputs, 1, attributes)[0],
    split(type, inputs, count, attributes = {}) {
      const name = fresh(`${type}_${nodes.length}`);
      const outputs = count === 1 ? [name] : Array.from({ length: count }, (_, i) => fresh(`${name}/${i}`));
      nodes.push({ type, name, inputs: [...inputs], outputs, attributes });
      return outputs;
    },
    tensor(value, name) {
      const add = () => {
        const element = elementOf(value.dtype);
        if (element === undefined) throw new Error(`a constant of type ${value.dtype} has no place in ONNX here`);
        const taken = fresh(name ?? `constant_${tensors.length}`);
        tensors.push({ name: taken, element, dims: value.shape, data: bytesOf(value) });
        return taken;
      };
      if (value.data.length > SHARED_ELEMENTS) return add();
      return once(`${value.dtype}|${value.shape}|${value.data}`, add);
    },
    integers: (values) =>
      graph.tensor({ dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) }),
    sizes: (sizes) =>
      vectorOf(graph, sizes, (size) => once(JSON.stringify(size), () => computed(graph, once, input, size))),
  };
  return graph;
}

type Once = (key: string, make: () => string) => string;
type Formula = Exclude<Size, number>;

function vectorOf(graph: OnnxGraph, sizes: readonly Size[], compute: (size: Formula) => string): string {
  const parts: (number[] | Formula)[] = [];
  for (const size of sizes) {
    const last = parts.at(-1);
    if (typeof size !== 'number') parts.push(size);
    else if (Array.isArray(last)) last.push(size);
    else parts.push([size]);
  }
  const vectors = parts.map((part) => (Array.isArray(part) ? graph.integers(part) : compute(part)));
  return vectors.length === 1 ? vectors[0] : graph.node('Concat', vectors, { axis: 0 });
}

/** A formula as nodes: int64 [1]. */
function computed(graph: OnnxGraph, once: Once, input: string, size: Formula): string {
  const formula = (f: SizeFormula) => once(JSON.stringify(f), () => alongFrames(graph, once, input, f));
  return 'of' in size ? graph.node('Sub', [formula(size.of), formula(size.minus)]) : formula(size);
}

function alongFrames(graph: OnnxGraph, once: Once, input: string, formula: SizeFormula): string {
  const { batch, times, plus, over, add, atLeast } = formula;
  const dimension = (axis: number) =>
    once(`dimension ${axis}`, () =>
      graph.node('Gather', [once('shape', () => graph.node('Shape', [input])), graph.integers([axis])], { axis: 0 }),
    );
  const changed = (type: string, value: string, by: number, neutral: number) =>
    by === neutral ? value : graph.node(type, [value, graph.integers([by])]);
  let value: string;
  if (times === 0) value = graph.integers([add]);
  else {
    value = changed('Div', changed('Add', dimension(1), plus, 0), over, 1);
    value = changed('Add', changed('Mul', value, times, 1), add, 0);
  }
  if (atLeast !== undefined) value = graph.node('Max', [value, graph.integers([atLeast])]);
  if (!batch) return value;
  return times === 0 && add === 1 ? dimension(0) : graph.node('Mul', [value, dimension(0)]);
}
