import type * as tfjs from '#tensorflow';
import { tensorflow } from './backend.js';
import { gather } from './gather.js';

/** A tensor of TensorFlow.js; while tracing, a node of the graph. */
export type Tensor = tfjs.Tensor;

/**
 * TensorFlow.js, to write models in. Its ops trace into the graph when they run inside a function given to compile().
 * `gather` is replaced (the stock one reads its indices); the random ops throw while tracing (use `random`).
 */
export const tf: typeof tfjs = { ...tensorflow, gather: gather as typeof tfjs.gather };
