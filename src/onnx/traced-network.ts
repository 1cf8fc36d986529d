import type { Attribute } from '../engine/graph/attributes.js';
import type { Node } from '../engine/graph/graph.js';
import { traceAnyLength } from '../engine/session/compile.js';
import type { Session } from '../engine/session/session.js';
import type { Tensor } from '../engine/tf.js';
import { UserError } from '../errors.js';
import type { HostTensor } from '../host-tensor.js';
import { canonicalGraph, type Source, type Step } from './canonical-graph.js';
import type { Sizes } from './size-formula.js';

/** What an operation reads, at all sizes. */
export type Operand =
  | { kind: 'input' }
  /** One value for all sizes, or one for each. */
  | { kind: 'constant'; values: HostTensor[]; varies: boolean }
  | { kind: 'variable'; variable: number }
  | { kind: 'operation'; at: number; output: number };

/** An operation of a network that was traced at several sizes. */
export interface TracedOperation {
  type: string;
  attributes: readonly Attribute[];
  operands: Operand[];
  /** `dims` are values by dimension and sample. */
  outputs: { dims: number[][]; dataType: number }[];
  /** Its place in the graph, as the first trace made it. */
  record: number;
  /** It depends neither on the input nor on the sizes. */
  fixed: boolean;
}

/** One network, traced at several sizes of its input. */
export interface TracedNetwork {
  samples: readonly Sizes[];
  /** Where the first trace takes its features. */
  placeholder: Node;
  /** Sizes of the features: values by dimension and sample. */
  input: number[][];
  /** Each behind those it reads. */
  operations: TracedOperation[];
  output: { at: number; output: number };
}

/** A function to trace: features [batch, frames, bins] -> [batch, size]. */
export type Embed = (features: Tensor) => Tensor;

/**
 * Traces `embed` at every size and lays the traces side by side.
 * @throws UserError where the operations differ, which one graph for all sizes cannot be
 */
export async function traceNetwork(
  session: Session,
  embed: Embed,
  bins: number,
  samples: readonly Sizes[],
  progress?: (done: number, total: number) => void,
): Promise<TracedNetwork> {
  const traces: { input: Node; steps: Step[]; output: Source }[] = [];
  for (const { batch, frames } of samples) {
    const features = { dtype: 'float32', shape: [batch, frames, bins] } as const;
    const { inputs, outputs } = traceAnyLength(session, 'export', ({ features }) => ({ vectors: embed(features) }), {
      features: { ...features, shape: [...features.shape] },
    });
    const placeholder = inputs.get('features')!;
    const graph = canonicalGraph(session.graph, placeholder, outputs.get('vectors')!);
    traces.push({ input: placeholder, ...graph });
    progress?.(traces.length, samples.length);
    // Lets Ctrl-C and the display in between.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const [i, { steps }] of traces.entries()) checkSame(traces[0].steps, steps, samples[0], samples[i]);
  const { output, input: placeholder } = traces[0];
  if (output.kind !== 'operation') throw new UserError('The network returns its input; there is nothing to export.');
  const input = [samples.map(({ batch }) => batch), samples.map(({ frames }) => frames), samples.map(() => bins)];
  return { samples, placeholder, input, operations: merged(traces.map(({ steps }) => steps)), output };
}

function checkSame(one: readonly Step[], other: readonly Step[], a: Sizes, b: Sizes): void {
  const at = one.findIndex((step, i) => other[i] === undefined || shapeOf(step) !== shapeOf(other[i]));
  const from = at < 0 && other.length > one.length ? one.length : at;
  if (from < 0) return;
  const types = [one, other].map((steps) => steps[from]?.record.type ?? 'its end');
  throw new UserError(
    `The network computes differently at ${a.batch} x ${a.frames} frames (${types[0]}) than at ${b.batch} x ${b.frames} (${types[1]}), so one ` +
      'graph cannot serve all lengths. Where its code branches on the number of rows or frames, take the general branch while ' +
      "anyLength() of 'voxloop' is true.",
  );
}

/** What must be equal in all traces. */
const shapeOf = ({ record, sources }: Step): string =>
  JSON.stringify([
    record.type,
    record.attributes,
    sources.map((source) => (source.kind === 'constant' ? [source.value.dtype] : source)),
    record.outputs.map(({ shape, dataType }) => [shape.length, dataType]),
  ]);

function merged(traces: readonly Step[][]): TracedOperation[] {
  const operations: TracedOperation[] = [];
  traces[0].forEach(({ record, sources }, i) => {
    const operands = sources.map((source, k): Operand => {
      if (source.kind !== 'constant') return source;
      const values = traces.map((steps) => (steps[i].sources[k] as { value: HostTensor }).value);
      return { kind: 'constant', values, varies: values.some((value) => !equal(value, values[0])) };
    });
    operations.push({
      type: record.type,
      attributes: record.attributes,
      operands,
      outputs: record.outputs.map(({ shape, dataType }, k) => ({
        dims: shape.map((_, axis) => traces.map((steps) => steps[i].record.outputs[k].shape[axis])),
        dataType,
      })),
      record: record.index,
      fixed: operands.every((operand) => isFixed(operand, operations)),
    });
  });
  return operations;
}

function isFixed(operand: Operand, operations: readonly TracedOperation[]): boolean {
  if (operand.kind === 'constant') return !operand.varies;
  if (operand.kind === 'operation') return operations[operand.at].fixed;
  return operand.kind === 'variable';
}

function equal(a: HostTensor, b: HostTensor): boolean {
  if (a === b) return true;
  if (a.data.length !== b.data.length || a.shape.join() !== b.shape.join()) return false;
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return false;
  return true;
}
