import { createSampler, type Sampler, type SamplerOptions } from './sampler.js';
import { createBalancedSampler } from './sampler-balanced.js';
import { createSpeakerSampler, type SpeakerRule } from './sampler-by-speaker.js';
import { createLengthSampler, type LengthRule } from './sampler-lengths.js';

/** The rule by which batches are composed, as data that can be sent to threads; without one they are random. */
export type SamplingRule =
  | { kind: 'class-balanced'; labels: Int32Array }
  | ({ kind: 'by-speaker' } & SpeakerRule)
  | ({ kind: 'length-buckets' } & LengthRule);

/** Options of a sampler, and its rule. */
export interface Sampling extends SamplerOptions {
  rule?: SamplingRule;
}

/** The sampler of a rule. @throws UserError as the rule's own sampler does */
export function openSampler({ rule, ...options }: Sampling): Sampler {
  if (rule?.kind === 'class-balanced') return createBalancedSampler(options, rule.labels);
  if (rule?.kind === 'by-speaker') return createSpeakerSampler(options, rule);
  if (rule?.kind === 'length-buckets') return createLengthSampler(options, rule);
  return createSampler(options);
}
