import { openSession } from '../../../src/engine/session/session.js';
import type { Tensor } from '../../../src/engine/tf.js';
import { float32 } from '../../../src/host-tensor.js';
import { createScope } from '../../../src/nn/scope.js';
import { BINS, benchBackbone } from './bench-step.js';
import { predictStep } from './step-model.js';

/** Development part, without the speakers of VoxCeleb1. */
const UTTERANCES = 1_092_009;
const WORKERS = [8, 16, 64];
const NETWORKS = ['resnet34', 'resnet293'];
/** A forward pass and a backward pass of twice its work; crops of two views. */
const [PASSES, VIEWS] = [3, 2];

/** What is assumed of every worker and of the network between them. */
export interface Assumptions {
  /** Links, in Gbit/s. */
  rates: number[];
  /** Multiply-adds and additions a second that a worker keeps up in a step, in thousand millions. */
  gflops: number;
  /** Utterances of a worker's part of the batch. */
  local: number;
  frames: number;
  hopSeconds: number;
  secondsPerByte: number;
}

/** Weights, batch normalisations and multiply-adds of one row. */
async function sizeOf(name: string, frames: number) {
  const session = openSession({ device: 'cpu', threads: 1 });
  const scope = createScope(session, 'network', 0);
  const { embed } = (await benchBackbone(JSON.stringify({ name })))(scope);
  const run = session.compile('size', ({ x }: Record<string, Tensor>) => ({ y: embed(x, { training: false }) }));
  const x = float32(new Float32Array(frames * BINS), [1, frames, BINS]);
  const numbers = scope.params().map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const size = {
    weights: numbers.reduce((a, b) => a + b, 0),
    norms: scope.buffers().filter(({ name: variable }) => variable.includes('variance')).length,
    macs: run.multiplyAdds({ x }),
  };
  await session.close();
  return size;
}

/** Prints steps and epochs of VoxCeleb2, with all assumptions. */
export async function printPrediction(assumed: Assumptions): Promise<void> {
  const { rates, gflops, local, frames, hopSeconds, secondsPerByte } = assumed;
  console.log(`Predicted by a model, not measured. Assumed:
  VoxCeleb2: ${UTTERANCES} utterances an epoch; SimCLR, ${VIEWS} crops of ${frames} frames and ${BINS} bins of each; ${local} utterances a worker
  a worker computes ${gflops} thousand million operations a second, a multiply-add being two, a step three forward passes; as fast for any worker
  gradients in float32, a ring of all workers, one worker a machine, links of equal bandwidth each way, no other traffic
  beside the link TensorFlow takes ${(1e9 * secondsPerByte).toFixed(2)} ns a byte (${(1 / secondsPerByte / 2 ** 30).toFixed(2)} GiB/s), and ${(1000 * hopSeconds).toFixed(2)} ms for a message to the next worker
  batch normalisation waits twice a layer, for 2 (N - 1) messages each time (its forward pass, which gathers, needs half of them), hidden by nothing
  a core of each worker is free for sending: three of the four buffers of gradients travel behind at most three quarters of the backward pass
  data, checkpoints, and workers that are slower than others cost nothing`);
  for (const name of NETWORKS) {
    const { weights, norms, macs } = await sizeOf(name, frames);
    const computeSeconds = (2 * macs * PASSES * VIEWS * local) / (gflops * 1e9);
    console.log(
      `${name}: ${(weights / 1e6).toFixed(2)} million weights, ${norms} batch normalisations, ${(macs / 1e9).toFixed(2)} thousand million multiply-adds a crop; ` +
        `one worker: ${computeSeconds.toFixed(2)} s a step, ${((computeSeconds * UTTERANCES) / local / 3600).toFixed(1)} h an epoch`,
    );
    for (const rate of rates) {
      for (const workers of WORKERS) {
        const load = { bytes: 4 * weights, small: 2 * norms, computeSeconds };
        const found = predictStep(workers, load, {
          bandwidth: (rate * 1e9) / 8,
          secondsPerByte,
          hopSeconds,
          coreToSpare: true,
        });
        const epochHours = (found.step * UTTERANCES) / (local * workers) / 3600;
        console.log(
          `  ${String(rate).padStart(2)} Gbit/s, ${String(workers).padStart(2)} workers: step ${found.step.toFixed(2)} s, reduction ${found.reduction.toFixed(3)} s ` +
            `(${(100 * found.hidden).toFixed(0)} % hidden), small ones ${found.small.toFixed(2)} s; ${epochHours.toFixed(2)} h an epoch, ` +
            `${((workers * computeSeconds) / found.step).toFixed(1)} times one worker`,
        );
      }
    }
  }
}
