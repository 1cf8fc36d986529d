import { z } from 'zod';
import { siSdr } from '../eval/si-sdr.js';
import { extractVoice, oracleVoice } from './extract-voice.js';
import type { VoiceMask } from './host-mask.js';
import { mixTwo, type TestMixture } from './test-mixtures.js';

/** What an extraction gains over the mixture as it is. */
const gain = z.object({
  /** Mean improvement of the target's SI-SDR, in dB. */
  meanDb: z.number(),
  /** Share of the mixtures in which it improves. */
  improved: z.number(),
});
export type Gain = z.output<typeof gain>;

/** A measurement on mixtures of voices. */
export const targetMeasurement = z.object({
  mixtures: z.number(),
  speakers: z.number(),
  /** Mean SI-SDR of the target in the mixtures, in dB. */
  mixtureDb: z.number(),
  /** By an enrolment of the target. */
  target: gain,
  /** By an enrolment of a third speaker, who is not in the mixture; null where there are two speakers. */
  wrong: gain.nullable(),
  /** By an enrolment of the other voice in the mixture, which ought to be followed then: still measured as the target. */
  other: gain,
  /** By the best mask, which the target's own spectrum gives. */
  oracle: gain,
});
export type TargetMeasurement = z.output<typeof targetMeasurement>;

/** What a measurement needs beside the network. */
export interface TestVoices {
  mixtures: readonly TestMixture[];
  /** Speaker of each utterance. */
  speakers: readonly string[];
  /** Samples of an utterance in [-1, 1]. */
  samplesOf(utterance: number): Float32Array;
  /** An utterance's embedding as the network takes it. */
  voiceOf(utterance: number): Float32Array;
  progress?(done: number, total: number): void;
  signal?: AbortSignal;
}

/** Measures how much of a voice a network finds in mixtures, beside what the wrong enrolments give and the best mask would. */
export async function measureTargets(network: VoiceMask, voices: TestVoices): Promise<TargetMeasurement> {
  const { mixtures, speakers, samplesOf, voiceOf, progress, signal } = voices;
  const before: number[] = [];
  const gains: Record<'target' | 'wrong' | 'other' | 'oracle', number[]> = {
    target: [],
    wrong: [],
    other: [],
    oracle: [],
  };
  for (const [i, plan] of mixtures.entries()) {
    const { mixture, target } = mixTwo(samplesOf(plan.target), samplesOf(plan.other), plan.snrDb);
    const start = siSdr(mixture, target);
    before.push(start);
    const follow = (utterance: number) => siSdr(extractVoice(network, mixture, voiceOf(utterance)), target) - start;
    gains.target.push(follow(plan.enrolment));
    gains.other.push(follow(plan.otherEnrolment));
    if (plan.wrong !== null) gains.wrong.push(follow(plan.wrong));
    gains.oracle.push(siSdr(oracleVoice(mixture, target), target) - start);
    progress?.(i + 1, mixtures.length);
    // Lets Ctrl-C in between.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
  return {
    mixtures: mixtures.length,
    speakers: new Set(mixtures.flatMap(({ target, other }) => [speakers[target], speakers[other]])).size,
    mixtureDb: mean(before),
    target: gainOf(gains.target),
    wrong: gains.wrong.length > 0 ? gainOf(gains.wrong) : null,
    other: gainOf(gains.other),
    oracle: gainOf(gains.oracle),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const gainOf = (values: readonly number[]): Gain => ({
  meanDb: mean(values),
  improved: values.filter((value) => value > 0).length / values.length,
});
