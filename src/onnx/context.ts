import type { DType, HostTensor } from '../host-tensor.js';
import type { OnnxGraph } from './onnx-graph.js';
import type { OnnxNode } from './proto.js';
import type { Size, Sizes } from './size-formula.js';

/** A value that an operation reads. */
export type Value =
  /** The same for every input: a weight, an option. */
  | { kind: 'fixed'; value: HostTensor; name?: string }
  /** Depends on the sizes alone; one value for each sample. */
  | { kind: 'varying'; values: HostTensor[] }
  | Computed;

/** A value of the ONNX graph. */
export interface Computed {
  kind: 'computed';
  name: string;
  /** Of the logical axes: values by dimension and sample. */
  dims: number[][];
  dtype: DType;
  /** How the axes lie, see layout.ts. */
  order: readonly number[];
  /** The convolution that makes it, as long as a bias may join it. */
  convolution?: OnnxNode;
}

/** One operation on its way into the ONNX graph. */
export interface Context {
  type: string;
  graph: OnnxGraph;
  samples: readonly Sizes[];
  inputs: readonly Value[];
  outputs: readonly { dims: number[][]; dtype: DType }[];
  /** True where nothing else reads input `i`. */
  readOnce(i: number): boolean;
  /** An attribute as it was given, or else TensorFlow's default. */
  attribute<T>(name: string, fallback: T): T;
  /** The formula of a size; refuses one that has none. */
  size(values: readonly number[]): Size;
  /** As `size`; undefined where there is none. */
  formula(values: readonly number[]): Size | undefined;
  /** The name of a fixed tensor whose axes lie in this order, each made once. */
  fixed(value: HostTensor, order: readonly number[], name?: string): string;
  /** The name of a computed value whose axes lie in this order. */
  arranged(value: Computed, order: readonly number[]): string;
  /** Ends the export: this operation has no translation with what `reason` names. @throws UserError */
  refuse(reason: string): never;
}

/** Makes an operation's outputs. */
export type Translate = (context: Context) => Value | Value[];
