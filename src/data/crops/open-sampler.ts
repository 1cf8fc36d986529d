import { createSampler, type Sampler, type SamplerOptions } from './sampler.js';
import { createBalancedSampler } from './sampler-balanced.js';
import { createSpeakerSampler, type SpeakerRule } from './sampler-by-speaker.js';
import { createLengthSampler, type LengthRule } from './sampler-lengths.js';

/** How batches are put together, as data that threads can be sent; without it at random. */
export type SamplingRule =
  | { kind: 'class-balanced'; labels: Int32Array }
  | ({ kind: 'by-speaker' } & SpeakerRule)
  | ({ kind: 'length-buckets' } & LengthRule);

/** What to sample, and how. */
export interface Sampling extends SamplerOptions {
  rule?: SamplingRule;
}

/** The sampler of a rule; see the rules' own for what they refuse. */
export function openSampler({ rule, ...options }: Sampling): Sampler {
  if (rule?.kind === 'class-balanced') return createBalancedSampler(options, rule.labels);
  if (rule?.kind === 'by-speaker') return createSpeakerSampler(options, rule);
  if (rule?.kind === 'length-buckets') return createLengthSampler(options, rule);
  return createSampler(options);
}
