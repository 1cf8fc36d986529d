import { z } from 'zod';
import type { SpeechMeasures } from '../../diarize/measure-speech.js';
import type { VoiceChange } from '../../diarize/voice-change.js';

/** The limits within which an utterance is kept. */
export const limits = {
  leastSpeech: z.number().min(0).max(1).default(0.1).describe('the least share of an utterance that must be speech'),
  leastSpeechSeconds: z.number().min(0).default(0.5),
  leastSnrDb: z.number().default(3).describe('the least level of speech over the quietest tenth'),
  mostGain: z
    .number()
    .default(0.45)
    .describe('without a model: the most log likelihood per voiced frame that two voices may gain over one'),
  leastCosine: z
    .number()
    .min(-1)
    .max(1)
    .optional()
    .describe('with a model: the least cosine of the voices before and after any instant; default 0.5'),
  several: z
    .enum(['split', 'drop', 'keep'])
    .default('split')
    .describe(
      'what to do with an utterance of several speakers; keep looks for none, as where each recording is one voice',
    ),
  leastSeconds: z
    .number()
    .positive()
    .optional()
    .describe('shorter parts of a split utterance are dropped; default 1.5'),
};
const schema = z.strictObject(limits);
export type Limits = z.output<typeof schema>;

export type Reason = 'no speech' | 'noise' | 'several speakers';

/** The decision on an utterance. */
export interface Verdict {
  verdict: 'kept' | 'split' | 'dropped';
  reasons: Reason[];
  /** Parts that are kept, in seconds from its start; none of a dropped one. */
  parts: [start: number, end: number][];
}

/** Judges an utterance. On the number of speakers a model, where there is one, overrules the cepstra. */
export function decide(measures: SpeechMeasures, voice: VoiceChange | null | undefined, limits: Limits): Verdict {
  const { seconds, speechSeconds, snrDb } = measures;
  const silent = speechSeconds < Math.max(limits.leastSpeechSeconds, limits.leastSpeech * seconds);
  const noisy = snrDb !== null && snrDb < limits.leastSnrDb;
  if (silent || noisy) {
    return {
      verdict: 'dropped',
      reasons: [...(silent ? ['no speech' as const] : []), ...(noisy ? ['noise' as const] : [])],
      parts: [],
    };
  }
  const at = changeAt(measures, voice, limits);
  if (at === null) return { verdict: 'kept', reasons: [], parts: [[0, seconds]] };
  const halves: [number, number][] =
    limits.several === 'drop'
      ? []
      : [
          [0, at],
          [at, seconds],
        ];
  const { leastSeconds = 1.5 } = limits;
  const parts = halves.filter(([start, end]) => end - start >= leastSeconds);
  return { verdict: parts.length > 0 ? 'split' : 'dropped', reasons: ['several speakers'], parts };
}

function changeAt({ change }: SpeechMeasures, voice: VoiceChange | null | undefined, limits: Limits): number | null {
  if (limits.several === 'keep') return null;
  if (voice) return voice.cosine < (limits.leastCosine ?? 0.5) ? voice.atSeconds : null;
  return change && change.gain > limits.mostGain ? change.atSeconds : null;
}
