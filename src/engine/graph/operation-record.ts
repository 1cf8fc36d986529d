import type { HostTensor } from '../../host-tensor.js';
import type { Attribute } from './attributes.js';

/**
 * The purpose of a part of a graph: preparing a function's inputs (features), the forward pass of the differentiated loss, its
 * gradients, or the updates that follow. Memory is accounted by phase.
 */
export type Phase = 'input' | 'forward' | 'backward' | 'update';

/** One operation of a graph as the planner of memory and the export see it. */
export interface OperationRecord {
  /** Its place in order of creation. */
  index: number;
  /** `phase/Type_index`. */
  name: string;
  type: string;
  phase: Phase;
  inputs: { operation: number; output: number }[];
  /** Operations it waits for. */
  controls: number[];
  /** Element types are TensorFlow's numbers. */
  outputs: { shape: number[]; dataType: number }[];
  /** As they were given; what is not among them has TensorFlow's default. */
  attributes: readonly Attribute[];
  /** A constant's value. */
  value?: HostTensor;
}

/** The output that is the gradient of a trained variable. */
export interface GradientRecord {
  /** The operation that makes the variable's handle. */
  handle: number;
  operation: number;
  output: number;
}
