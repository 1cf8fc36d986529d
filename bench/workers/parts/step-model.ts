/** What a run with several workers computes and sends in a step. */
export interface StepLoad {
  /** Of gradients, as they travel. */
  bytes: number;
  /** Collective operations of batch normalisations, which nothing else hides: two a layer. */
  small: number;
  /** Seconds that a worker computes on its part of the batch. */
  computeSeconds: number;
}

/** What sending costs. */
export interface Network {
  /** Bytes a second of a link, each way. */
  bandwidth: number;
  /** Seconds that TensorFlow takes for a byte, beside the link. */
  secondsPerByte: number;
  /** Seconds of one message from worker to worker, TensorFlow's part included. */
  hopSeconds: number;
  /** Computing leaves a core for TensorFlow's sending; else sending takes its time from computing, and nothing is hidden. */
  coreToSpare: boolean;
}

/** A step's time, taken apart, in seconds. */
export interface PredictedStep {
  /** Of the gradients alone. */
  reduction: number;
  /** Share of it behind which the backward pass goes on. */
  hidden: number;
  /** Waiting in batch normalisations. */
  small: number;
  step: number;
}

/** Gradients travel in four buffers, the last of which is full when the backward pass is over. */
const LATE_SHARE = 1 / 4;
/** The backward pass computes twice as much as the forward pass. */
const BACKWARD_SHARE = 2 / 3;

/**
 * A ring of N workers: each sends 2 (N - 1) / N of the bytes in 2 (N - 1) messages. Three of the four buffers can travel while the backward
 * pass fills the later ones: so at most three quarters of the reduction are hidden, and at most as long as three quarters of the backward
 * pass last. Nothing is hidden where no core is left for sending.
 */
export function predictStep(
  workers: number,
  { bytes, small, computeSeconds }: StepLoad,
  network: Network,
): PredictedStep {
  const { bandwidth, secondsPerByte, hopSeconds, coreToSpare } = network;
  const messages = 2 * (workers - 1);
  const reduction = ((2 * (workers - 1)) / workers) * bytes * (1 / bandwidth + secondsPerByte) + messages * hopSeconds;
  const early = 1 - LATE_SHARE;
  const hiddenSeconds = coreToSpare ? early * Math.min(reduction, BACKWARD_SHARE * computeSeconds) : 0;
  const waiting = small * messages * hopSeconds;
  const step = computeSeconds + waiting + reduction - hiddenSeconds;
  return { reduction, hidden: reduction > 0 ? hiddenSeconds / reduction : 0, small: waiting, step };
}
