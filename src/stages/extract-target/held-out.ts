import { readUtterance, type ShardSet } from '../../data/shards/shards.js';
import { UserError } from '../../errors.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { didYouMeanOrKnown } from '../../plugin/suggest.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import type { VoiceMask } from '../../target-voice/host-mask.js';
import { measureTargets, type TargetMeasurement } from '../../target-voice/measure.js';
import { planTestMixtures, type TestMixture } from '../../target-voice/test-mixtures.js';
import { openTrialLists } from '../artifacts/corpus-data.js';
import type { Voices } from './enrolments.js';
import type { ExtractTargetOptions } from './options.js';

/** Mixtures of speakers whom training does not hear. */
export interface HeldOut {
  shards: ShardSet;
  /** Speaker of each utterance of `shards`. */
  speakers: string[];
  mixtures: TestMixture[];
  /** Numbers of the utterances that enrol somebody. */
  enrolling: Int32Array;
  /** Samples of the longest mixture. */
  longest: number;
}

/**
 * Plans mixtures of test utterances; null, with a line that says so, where the corpus has no trial list.
 * @throws UserError for a list that is not there, stored features, and fewer than two speakers to mix
 */
export function openHeldOut(
  { seed, log }: Pick<StageContext, 'seed' | 'log'>,
  corpus: Artifact,
  { mixtures: count, list: asked, mixtureSeconds, snrDb }: ExtractTargetOptions,
): HeldOut | null {
  if (count === 0) return null;
  const lists = openTrialLists(corpus);
  if (lists.length === 0) {
    log('the corpus has no trial lists, for want of known speakers: nothing is measured');
    return null;
  }
  const found = lists.find(({ name }) => name === (asked ?? lists[0].name));
  const names = lists.map(({ name }) => name);
  if (!found) throw new UserError(`list: the corpus has no '${asked}'${didYouMeanOrKnown(asked!, names)}.`);
  const { shards, paths } = found;
  if (shards.features)
    throw new UserError(
      `list: '${found.name}' holds stored features, and mixtures are made of samples. Name another list.`,
    );
  const speakers = shards.ids.map((_, i) => found.speakers.get(paths[i]) ?? '');
  const mixtures = planTestMixtures(speakers, { count, snrDb, seed: `${seed}/extract-target/mixtures` });
  const used = mixtures.flatMap(({ enrolment, otherEnrolment, wrong }) => [enrolment, otherEnrolment, wrong ?? -1]);
  const enrolling = Int32Array.from(new Set(used.filter((utterance) => utterance >= 0))).sort();
  return { shards, speakers, mixtures, enrolling, longest: Math.round(mixtureSeconds * SAMPLE_RATE_HZ) };
}

/** Measures a trained network on the mixtures. */
export function measureHeldOut(
  { progress, signal }: Pick<StageContext, 'progress' | 'signal'>,
  network: VoiceMask,
  { shards, speakers, mixtures, longest }: HeldOut,
  voices: Voices,
): Promise<TargetMeasurement> {
  return measureTargets(network, {
    mixtures,
    speakers,
    samplesOf(utterance) {
      const pcm = readUtterance(shards, utterance, 0, Math.min(shards.samples[utterance], longest));
      return Float32Array.from(pcm, (sample) => sample / 32768);
    },
    voiceOf: voices,
    progress: (step, total) => progress.update({ step, total, fields: { measuring: 'mixtures' } }),
    signal,
  });
}
