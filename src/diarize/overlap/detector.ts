import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { planHostFbank } from '../../audio/features/host-fbank.js';
import { type HostTimeConv, hostTimeConv } from '../../nn/host/time-conv.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { joinSpans, runsOf, type Span } from '../segments.js';
import { CONTEXTS } from './layers.js';

/** A layer over time, and what follows it. */
export interface HeardLayer extends HostTimeConv {
  /** What follows the rectifier, each [outputs]; the last layer has neither. */
  scale?: Float32Array;
  offset?: Float32Array;
}

/** A trained network that hears where two people speak at once. */
export interface OverlapDetector {
  features: FeatureDefinition;
  /** Those of CONTEXTS, and the last one. */
  layers: HeardLayer[];
}

/** Frames of a window, as long as the crops of training, and those at its ends that the next window hears better. */
const WINDOW = 300;
const MARGIN = 50;
/** Probabilities are averaged over so many frames on either side. */
const SMOOTH = 5;
const FRAME_SECONDS = 0.01;
/** From the start of a frame to its middle. */
const MIDDLE_SECONDS = 0.0125;
const SHORTEST_SECONDS = 0.1;
/** Overlaps are joined over shorter gaps. */
const GAP_SECONDS = 0.1;

/**
 * Stretches in which two people speak at once.
 * @param samples 16 kHz mono in [-1, 1]
 * @param least probability from which they do
 */
export function overlapSpans(samples: Float32Array, detector: OverlapDetector, least: number): Span[] {
  const probabilities = smoothed(overlapProbabilities(samples, detector));
  const labels = Int8Array.from(probabilities, (probability) => (probability >= least ? 0 : -1));
  const runs = runsOf(labels, FRAME_SECONDS).map(({ startSeconds, endSeconds }) => ({
    startSeconds: startSeconds + MIDDLE_SECONDS - FRAME_SECONDS / 2,
    endSeconds: Math.min(endSeconds + MIDDLE_SECONDS - FRAME_SECONDS / 2, samples.length / SAMPLE_RATE_HZ),
  }));
  return joinSpans(runs, GAP_SECONDS).filter((span) => span.endSeconds - span.startSeconds >= SHORTEST_SECONDS);
}

/** The probability that two people speak at once, for every frame of 10 ms. @param samples as in overlapSpans */
export function overlapProbabilities(samples: Float32Array, { features, layers }: OverlapDetector): Float32Array {
  const { bins } = features;
  const energies = planHostFbank(features)(samples);
  const frames = energies.length / bins;
  const probabilities = new Float32Array(frames);
  for (let start = 0; start === 0 || start + 2 * MARGIN < frames; start += WINDOW - 2 * MARGIN) {
    const end = Math.min(start + WINDOW, frames);
    const odds = oddsOf(centred(energies.slice(start * bins, end * bins), bins), layers);
    const first = start === 0 ? 0 : MARGIN;
    odds.subarray(first).forEach((value, i) => {
      probabilities[start + first + i] = 1 / (1 + Math.exp(-value));
    });
  }
  return probabilities;
}

/** Energies of a window less each bin's mean over it, in place. // [frames, bins] */
function centred(energies: Float32Array, bins: number): Float32Array {
  const frames = energies.length / bins;
  const means = new Float64Array(bins);
  for (let i = 0; i < energies.length; i++) means[i % bins] += energies[i] / frames;
  for (let i = 0; i < energies.length; i++) energies[i] -= means[i % bins];
  return energies;
}

/** Log odds for the frames of a window. // [frames, bins] -> [frames] */
function oddsOf(window: Float32Array, layers: readonly HeardLayer[]): Float32Array {
  const hidden = layers.slice(0, -1).reduce((x, layer, i) => {
    const y = hostTimeConv(x, layer, CONTEXTS[i]);
    const { scale, offset } = layer;
    const width = layer.bias.length;
    for (let at = 0; at < y.length; at++) y[at] = Math.max(y[at], 0) * scale![at % width] + offset![at % width];
    return y;
  }, window);
  return hostTimeConv(hidden, layers[layers.length - 1], { kernel: 1, dilation: 1 });
}

/** Means over SMOOTH frames on either side. */
function smoothed(values: Float32Array): Float32Array {
  return values.map((_, i) => {
    const near = values.subarray(Math.max(0, i - SMOOTH), i + SMOOTH + 1);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
}
