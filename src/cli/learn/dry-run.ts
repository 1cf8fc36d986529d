import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { loadMono16k } from '../../audio/decode/decode.js';
import { audioExtensions } from '../../audio/decode/formats.js';
import { keepApart } from '../../data/corpus/keep-apart.js';
import { listRecordings, type Recordings } from '../../data/corpus/recordings.js';
import { measureSpeech } from '../../diarize/measure-speech.js';
import { UserError } from '../../errors.js';
import { formatSeconds } from '../../report/format.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { batchFor, clustersFor, LEAST_RECORDINGS, LONGEST_PART_SECONDS, type Material, widthFor } from './sizes.js';

/** Recordings that are decoded to guess the length of all. */
const HEARD = 20;

/**
 * The recordings of a folder that a run in `out` learns from.
 * @throws UserError when there is no such folder, or none in it, and when the run would lie among them
 */
export function recordingsToLearn(folder: string, out: string): Recordings {
  const recordings = listRecordings(folder, audioExtensions);
  keepApart(join(out, 'stages', 'recordings', 'corpus'), recordings.root);
  return recordings;
}

/** The fault of a folder that does not hold enough. */
export const tooFew = (folder: string, what: string): UserError =>
  new UserError(
    `${folder} holds ${what}, and voices are learnt by telling each recording from many others. Give at least ${LEAST_RECORDINGS} ` +
      `recordings, or ${formatSeconds(LEAST_RECORDINGS * LONGEST_PART_SECONDS)} of speech in fewer: long ones are cut into parts.`,
  );

/** What is known of recordings before they are decoded. */
export interface Outlook {
  /** With long recordings counted by their parts. */
  material: Material;
  /** Guessed time until training can begin: decoding and filtering. */
  preparationSeconds: number;
}

/**
 * Guesses what there is to learn from, by decoding and measuring some of the recordings.
 * @throws UserError when all were decoded, and it is too little
 */
export async function lookAhead(folder: string, { root, files }: Recordings): Promise<Outlook> {
  const paths = [...files].map((file) => join(root, file));
  const every = Math.max(1, Math.floor(paths.length / HEARD));
  const sample = paths.filter((_, i) => i % every === 0).slice(0, HEARD);
  const { seconds, parts, bytes, decodingSeconds, filteringSeconds } = await hear(sample);
  const share = bytes === 0 ? 0 : paths.reduce((sum, path) => sum + statSync(path).size, 0) / bytes;
  if (sample.length === paths.length && parts < LEAST_RECORDINGS) {
    throw tooFew(folder, `${counted(paths.length)} with ${formatSeconds(seconds)} of sound`);
  }
  return {
    material: { recordings: Math.max(paths.length, Math.round(parts * share)), seconds: seconds * share },
    preparationSeconds: ((decodingSeconds + filteringSeconds) * share) / availableParallelism(),
  };
}

/** Decodes recordings and measures the first part of each, which stands for the others. */
async function hear(paths: readonly string[]) {
  let [seconds, bytes, parts, decodingSeconds, filteringSeconds] = [0, 0, 0, 0, 0];
  for (const path of paths) {
    try {
      const started = performance.now();
      const samples = await loadMono16k(path);
      const decoded = performance.now();
      const part = samples.subarray(0, LONGEST_PART_SECONDS * SAMPLE_RATE_HZ);
      measureSpeech(Int16Array.from(part, (value) => value * 32767));
      decodingSeconds += (decoded - started) / 1000;
      filteringSeconds += ((performance.now() - decoded) / 1000) * (samples.length / part.length);
      seconds += samples.length / SAMPLE_RATE_HZ;
      parts += Math.ceil(samples.length / SAMPLE_RATE_HZ / LONGEST_PART_SECONDS);
      bytes += statSync(path).size;
    } catch (error) {
      // What cannot be read would be left out.
      if (!(error instanceof UserError)) throw error;
    }
  }
  return { seconds, bytes, parts, decodingSeconds, filteringSeconds };
}

/** What there is and what will be done with it, before anything is written. */
export function describeStart(
  { root, files }: Recordings,
  { material, preparationSeconds }: Outlook,
  hours: number,
): string {
  const { from, to } = clustersFor(material);
  return [
    `${counted(files.length)} in ${root}, about ${(material.seconds / 3600).toFixed(2)} hours (guessed from ${Math.min(HEARD, files.length)} of them)`,
    `first: decode, filter, mix noises; about ${formatSeconds(preparationSeconds + NOISES_SECONDS)}`,
    `then, within about ${formatSeconds(hours * 3600)}: train a TDNN of ${widthFor(material)} channels on batches of ${batchFor(material)} utterances, ` +
      `choose among ${from} to ${to} clusters, and train on them; how many steps that is, is measured first`,
  ].join('\n');
}

/** Sixty noises and sixty rooms on two cores. */
const NOISES_SECONDS = 20;

const counted = (recordings: number): string => `${recordings} recording${recordings === 1 ? '' : 's'}`;

/** Says what `voxloop learn` would do. Some recordings are decoded, and nothing is written. */
export async function describeDryRun(folder: string, { out, hours }: { out: string; hours: number }): Promise<string> {
  const recordings = recordingsToLearn(folder, out);
  const outlook = await lookAhead(folder, recordings);
  return [
    describeStart(recordings, outlook, hours),
    `into ${out}: the model in ${join(out, 'stages', 'voices', 'model')}, report.html, results.json, recipe.yaml`,
  ].join('\n');
}
