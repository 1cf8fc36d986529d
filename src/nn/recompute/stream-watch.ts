import { isRecording, kept } from '../../engine/local-gradients.js';
import { observe, observed } from '../../engine/observe.js';
import { fingerprint } from '../../engine/ops/fingerprint.js';
import { cast, raw } from '../../engine/raw.js';
import { type Tensor, tf } from '../../engine/tf.js';

/** Largest magnitude in the streams of a reversible network, as a step's metric: beyond {@link STREAM_LIMIT} sums are rounded. */
export const STREAM_PEAK = 'streamPeak';
/** Streams that did not come out of the backward pass as they had gone in, as a step's metric. */
export const STREAM_ERRORS = 'streamErrors';
/** Sums of numbers on the streams' grid, the multiples of 2^-16, are exact in float32 below this magnitude. */
export const STREAM_LIMIT = 256;

/** Follows the streams of one reversible sequence through a training step. */
export interface StreamWatch {
  /** Notes the largest magnitude of what has been computed. */
  see(streams: readonly Tensor[]): void;
  /** Compares what the inversion gave back with what the sequence had begun with, bit by bit. */
  compare(recovered: readonly Tensor[]): void;
}

/**
 * Watches a sequence that begins with `start`, where its gradient is being recorded; elsewhere nothing is inverted. The sequence's
 * ends are looked at, and not each sum: that would cost more than a hundredth of a step. What is missed between shows in the
 * comparison: it fails where any sum was rounded.
 */
export function watchStreams(start: readonly Tensor[]): StreamWatch | undefined {
  if (!isRecording()) return undefined;
  const before = start.map((stream) => kept(fingerprint(stream)));
  return {
    see(streams) {
      for (const stream of streams) observe(STREAM_PEAK, largestMagnitude(stream));
    },
    compare(recovered) {
      recovered.forEach((stream, i) => {
        const [differs] = raw('NotEqual', [fingerprint(stream), before[i]]);
        observe(STREAM_ERRORS, cast(differs, 'float32'));
      });
    },
  };
}

/** While tracing, behind the gradients: the metrics of the streams watched so far; none where no network is reversible. */
export function streamMetrics(): Record<string, Tensor> {
  const [peaks, errors] = [observed(STREAM_PEAK), observed(STREAM_ERRORS)];
  return {
    ...(peaks.length > 0 && { [STREAM_PEAK]: tf.max(tf.stack(peaks)) }),
    ...(errors.length > 0 && { [STREAM_ERRORS]: tf.addN(errors) }),
  };
}

/** Two reductions instead of one over |x|, which would be a copy. */
const largestMagnitude = (x: Tensor): Tensor => tf.maximum(tf.max(x), tf.neg(tf.min(x)));
