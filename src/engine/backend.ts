import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfjs from '#tensorflow';
import { UserError } from '../errors.js';
import type { HostData } from '../host-tensor.js';
import { graphBinding, type OutputInfo, refuseJavaScriptRandom, valueRead } from './binding.js';
import { nodeById } from './graph/graph.js';
import { currentTrace, isTracing } from './trace.js';

const require = createRequire(import.meta.url);
// CommonJS, as the kernels beside it are: one instance of TensorFlow.js must serve them and us.
export const tensorflow = loadTensorflow();

/** The parts of tfjs-node's kernel backend that the engine uses. */
interface KernelBackend {
  tensorMap: { get(dataId: object): { id: number; shape: number[]; dtype: number; values: HostData | null } };
  getInputTensorIds(tensors: tfjs.TensorInfo[]): number[];
  createOutputTensor(info: OutputInfo): tfjs.Tensor;
}

let backend: KernelBackend | undefined;

/** tfjs-node's kernels over the graph binding; registered on first use. */
export function kernelBackend(): KernelBackend {
  backend ??= register();
  return backend;
}

function loadTensorflow(): typeof tfjs {
  if (!existsSync(new URL('../../kernels/', import.meta.url))) {
    throw new UserError(
      'TensorFlow.js is missing (dist/kernels). In a clone, run `npm run build`; otherwise reinstall.',
    );
  }
  return require('#tensorflow');
}

function register(): KernelBackend {
  // Removed in Node 23, still called by the kernels.
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  const { NodeJSKernelBackend } = require('../../kernels/nodejs_kernel_backend.js');
  const created = new NodeJSKernelBackend(graphBinding, '@tensorflow/tfjs-node');
  created.getInputTensorIds = (tensors: tfjs.TensorInfo[]) => tensors.map((tensor) => idOf(created, tensor));
  const write = created.write.bind(created);
  created.write = (...args: unknown[]) => {
    if (isTracing()) refuseJavaScriptRandom();
    return write(...args);
  };
  const read = created.read.bind(created);
  created.read = (dataId: object) => {
    const { id, values } = created.tensorMap.get(dataId);
    if (values !== null || !isTracing()) return read(dataId);
    // A rejected promise would surface after the trace, or nowhere: the trace itself reports the read.
    currentTrace().failure ??= valueRead(id);
    return new Promise(() => {});
  };
  tensorflow.env().set('PROD', true);
  // The kernels look for a backend named 'tensorflow'.
  tensorflow.registerBackend('tensorflow', () => created, 10);
  require('../../kernels/register_all_kernels.js');
  tensorflow.setBackend('tensorflow');
  registerFlatGradients();
  return created;
}

/**
 * A tensor made from JavaScript values keeps them and becomes a constant of whichever graph uses it, so that one
 * `tf.scalar` may serve several sessions.
 */
function idOf(kernels: KernelBackend, tensor: tfjs.TensorInfo): number {
  if (tensor instanceof tensorflow.Variable) {
    throw new Error(
      'a tf.variable keeps its value in JavaScript: traced, it would stay what it is now. Use session.variable',
    );
  }
  const info = kernels.tensorMap.get(tensor.dataId);
  return info.values === null
    ? info.id
    : graphBinding.createTensor(info.shape, info.dtype, info.values as ArrayLike<number>);
}

/** The graph node behind a tensor. */
export function nodeOf(tensor: tfjs.Tensor) {
  return nodeById(kernelBackend().getInputTensorIds([tensor])[0]);
}

/**
 * Comparisons are flat: their gradient is zero. TensorFlow.js has none for them, so that a mask made of a trained value would
 * fail instead of just not learning through the comparison.
 */
function registerFlatGradients(): void {
  for (const kernelName of ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual']) {
    tensorflow.registerGradient({
      kernelName,
      inputsToSave: ['a', 'b'],
      gradFunc: (_, [a, b]) => ({ a: () => tensorflow.zerosLike(a), b: () => tensorflow.zerosLike(b) }),
    });
  }
}
